package charter

import "slices"

// A program (the software that a structure keeps its cases with) asks for its
// structure. It helps nobody itself: what it asks for a person it asks on behalf
// of a member, whom every rule judges as if they asked themself, and beside that
// the program needs the scope. Whatever has no scope here no program may do, so
// that a new use-case is closed to programs until somebody opens it.

// Scope is what a structure may let a program do.
type Scope string

// Scopes.
const (
	ScopeMandates Scope = "mandates" // see mandates by reference: powers, dates, states; no name
	ScopeCover    Scope = "cover"    // ask whether a member is covered, now, for this
	ScopeActs     Scope = "acts"     // note what a member did
)

// Scopes lists every scope.
func Scopes() []Scope { return []Scope{ScopeActs, ScopeCover, ScopeMandates} }

// scopes says which scope an operation needs of a program.
var scopes = map[Operation]Scope{OpStatus: ScopeMandates, OpCover: ScopeCover, OpAct: ScopeActs}

// Through is the program through which is asked, read in the same transaction.
type Through struct {
	Open   bool // not closed, and not past its end
	Scopes []Scope
}

// CheckProgram tells whether a program may ask for an operation at all: nil if it
// may. What it asks is judged by Check besides.
func (c *Charter) CheckProgram(op Operation, p Through) *Finding {
	found := programMay(c, &Facts{Operation: op, Through: &p})
	if found != nil {
		found.Rule = "C21"
	}
	return found
}

func programMay(_ *Charter, f *Facts) *Finding {
	switch {
	case f.Through == nil:
		return nil
	case !f.Through.Open:
		return &Finding{Reason: ProgramClosed, Instead: AskReferent}
	}
	if need, ok := scopes[f.Operation]; !ok || !slices.Contains(f.Through.Scopes, need) {
		return &Finding{Reason: ProgramScope, Instead: AskReferent}
	}
	return nil
}
