// Package statement is about public keys: which are the register's, and who
// vouches for the others.
//
// A verifier is given one file, register.pub, with the register's own keys. All
// other keys travel with what they signed, in statements: the register states the
// keys of a space (its log, its seal), the seal those of a member, each from an
// instant on. So an old copy of register.pub verifies what spaces sign that were
// opened later. [Chain] goes that way.
//
// There are no private keys here, and no personal data: members are pseudonyms.
package statement
