// Package charter says what is allowed. It is the digital helper's charter as a
// versioned, hashed document (rules C01 to C30, roles and missions, services and
// procedures, levels of evidence, limits, retention) and one table of pure
// functions over it.
//
// A caller gathers [Facts] about one request, inside the transaction that will
// carry it out, and asks [Charter.Check]. The answer is nil, or the first rule
// that the request does not keep: a [Finding] with the rule, a stable reason to
// translate, what to do instead, and where in the request it stands. Nothing
// here reads a clock, a store or a name: the same facts always get the same
// answer, so a decision can be taken again years later from the log.
//
// A released document is never edited: its digest is in every mandate signed
// under it. A change is a new file in data/, a row in the table of check.go if a
// rule is new, and the reason's sentence in the pages' locales.
package charter
