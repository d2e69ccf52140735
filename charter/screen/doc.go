// Package screen refuses what the register must never hold: passwords, codes,
// answers to secret questions, payment cards, bank accounts, login numbers and
// social security numbers, typed in any free text (charter rule C08).
//
// It is the only maker of Clean, and whoever stores free text takes Clean. A
// form is screened as a whole by Form: every field alone, then the fields
// together, since a password is easily cut in two.
//
// One text goes through these steps. normalise undoes markup, compatibility
// forms, invisible characters and look-alike letters. The validators then
// know what has a checksum or a fixed form, whatever the words around say. The
// lexicon, data files by language, marks the words that announce a value
// (cues) and those that speak of something harmless (references, statuses,
// advice). The rules weigh each value beside its cues. Each step is linear in
// the text.
//
// A record grows over days: Beside screens a form against the edges of what is
// stored, small marks in the clear that hold no text (Edge).
//
// The answer says what was found, in which field and by which rule, never the
// text: a refused text appears in no error, log line or output. Mark gives the
// doubtful part to the one answer that goes back to who typed it.
//
// It finds most, not all: six plain words can be a recovery phrase.
package screen
