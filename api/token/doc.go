// Package token is the second pair of eyes. Mandates are made and verified with
// one JOSE library in package consent; here they are verified again with another
// (jwx), written apart and sharing no code with the first. Where the two differ,
// nothing is to be believed. It is the only place that uses jwx.
//
// It reads other people's tokens too: those of organisations about who signed in
// (organisation.go, discovery.go), and what programs prove (program.go).
//
// Of mandates it checks signatures and keys alone. What a mandate means, whether the roles
// that it requires have signed and the evidence is strong enough, is package
// consent's to say.
package token
