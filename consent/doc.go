// Package consent holds mandates and everything one may do with them: each
// use-case is a method of Register, in a file named after it. It knows neither
// HTTP nor a store.
//
// # The life of a mandate
//
//	draft      DraftMandate       what for, until when; the charter is asked
//	proposed   (the same step, or ProposeMandate)   explained; its payload is fixed
//	signed     SignMandate        the person agrees; the evidence is sealed
//	           AcceptMandate      the helper signs, the structure seals
//	active     DeliverMandate     the person has a copy (CC 1375)
//	           Cover, RevealPerson, RecordAct       inside [from, until)
//	expired    by time alone
//	revoked    RevokeMandate, CardStop               the person (CC 2004)
//	renounced  RenounceMandate                       the mandatary (CC 2007)
//	superseded DeliverMandate of one that replaces it (CC 2006)
//	fulfilled  RecordAct, for one given for one procedure
//
// States that follow from time are computed by Mandate.State and never stored.
//
// # A use-case
//
// Who asks is an Actor: it comes from a session, a card or the program itself,
// and holds the one space that may be touched. The method opens a turn: one
// recorded transaction that reads the member as they are now, looks rows up,
// fills the charter's Facts and asks Check. What is refused becomes an entry and
// nothing else; what is allowed writes its rows and at least one entry. After
// the commit, and only then, the entry's pass opens the boxes that it named.
//
// Reads of clear rows (identifiers, services, states, dates) go by Register.view
// and leave no entry; whatever opens a box, or tells what was done for a person,
// does.
//
// # Two spaces
//
// A transaction touches one space. Steps that need the register's space as well
// (accounts, links, cards) write a Message beside their own rows; Relay applies
// it once in its target (outbox.go).
//
// # Forgetting
//
// ForgetPerson marks, lists and removes, in this order, and can be cut off
// anywhere (erase.go). What is past its time goes by itself (retention.go,
// due.go). Keys are turned each week, so that what old pages and copies hold
// dies (epoch.go).
package consent
