package charter

import (
	"slices"
	"testing"
)

// through is a base fact asked through a program.
func through(op Operation, open bool, scopes ...Scope) Facts {
	f := base(op)
	f.Through = &Through{Open: open, Scopes: scopes}
	return f
}

// programCases: each operation through a program that has every scope, and the
// three that have a scope with it and without.
func programCases() []checkCase {
	cases := []checkCase{
		{name: "a program that is closed", f: through(OpCover, false, ScopeCover), want: no("C21", ProgramClosed, AskReferent, "")},
		{name: "a program with the scope to ask", f: through(OpCover, true, ScopeCover)},
		{name: "a program with the scope to note", f: through(OpAct, true, ScopeActs)},
		{name: "a program without the scope to ask", f: through(OpCover, true, ScopeActs, ScopeMandates), want: no("C21", ProgramScope, AskReferent, "")},
		{name: "a program without the scope to note", f: through(OpAct, true, ScopeCover), want: no("C21", ProgramScope, AskReferent, "")},
		{name: "a program without any scope", f: through(OpAct, true), want: no("C21", ProgramScope, AskReferent, "")},
		{name: "a scope that nobody knows", f: through(OpRead, true, "", Scope(OpRead)), want: no("C21", ProgramScope, AskReferent, "")},
	}
	for _, op := range allOps {
		if !slices.Contains([]Operation{OpStatus, OpCover, OpAct}, op) {
			cases = append(cases, checkCase{
				name: "a program that wants to " + string(op), f: through(op, true, Scopes()...), want: no("C21", ProgramScope, AskReferent, ""),
			})
		}
	}
	closed := through(OpCover, true, ScopeCover)
	closed.Member.Open = false
	return append(cases, checkCase{name: "a program for a member who left", f: closed, want: no("C23", MemberClosed, AskReferent, "")})
}

// TestCheckProgram: what a program may ask for at all, without a member.
func TestCheckProgram(t *testing.T) {
	c := load(t)
	for op, scope := range map[Operation]Scope{OpStatus: ScopeMandates, OpCover: ScopeCover, OpAct: ScopeActs} {
		if got := c.CheckProgram(op, Through{Open: true, Scopes: []Scope{scope}}); got != nil {
			t.Errorf("%s with %s: %+v", op, scope, got)
		}
		if got := c.CheckProgram(op, Through{Scopes: Scopes()}); got == nil || got.Rule != "C21" || got.Reason != ProgramClosed {
			t.Errorf("%s of a closed one: %+v", op, got)
		}
		others := slices.DeleteFunc(Scopes(), func(s Scope) bool { return s == scope })
		if got := c.CheckProgram(op, Through{Open: true, Scopes: others}); got == nil || got.Reason != ProgramScope {
			t.Errorf("%s without %s: %+v", op, scope, got)
		}
	}
	if got := c.CheckProgram("", Through{Open: true, Scopes: Scopes()}); got == nil || got.Reason != ProgramScope {
		t.Errorf("what has no operation: %+v", got)
	}
}
