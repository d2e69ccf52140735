// Package place reads public files of places where people are helped with digital
// procedures, in the national schema "lieux de médiation numérique" v1.0.2 and the
// older one (v0.1.0) that files still carry, and says what a place's opening hours
// mean. It knows nothing of persons, mandates or stores.
//
// A file is read as a stream, record by record, with a bound on each, so its size
// does not matter. What cannot be kept is told by line and column; nothing is lost
// without a word. Texts go through the screening as every text that is kept: a
// public file may hold a password too (charter rule C08).
package place
