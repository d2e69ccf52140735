package screen

import (
	"errors"
	"strings"
)

// Contest is what somebody says of one refusal: what this rule found in this
// field is no credential.
type Contest struct {
	Field string
	Kind  Kind
	Rule  Rule
}

// About tells whether a refusal is the one that is contested, by a rule that
// can be.
func (c Contest) About(r *Refusal) bool {
	return c.Field == r.Field && c.Kind == r.Kind && c.Rule == r.Rule && r.Contestable()
}

// maxContested bounds how many places of one form a contest speaks for.
const maxContested = 8

// Contested screens a form as Form does, and lets pass what the contest is
// about, and nothing else: each contested place is taken out and the form is
// screened again, so that what stood behind it is found. A rule that rests on a
// checksum or a fixed form is never let pass, not even where another rule met
// the value first. Whoever calls this has entered the contest in the log, and
// knows that the structure wants it; the register itself asks for other words.
func Contested(c Contest, fields ...Field) (Screened, error) {
	rest := append([]Field(nil), fields...)
	for range maxContested {
		s, err := Beside(nil, rest...)
		refusal, refused := errors.AsType[*Refusal](err)
		if !refused {
			for i := range s.Texts {
				s.Texts[i].s = fields[i].Text
				if fields[i].Name == c.Field {
					s.Texts[i].beside = Edge{edgeMask} // the contest speaks of what joins it too: see Against
				}
			}
			return s, err
		}
		if !c.About(refusal) || !takeOut(rest, refusal) {
			return Screened{}, err
		}
	}
	return Beside(nil, rest...)
}

// takeOut puts spaces in the place of what a refusal marks. It does not where
// the place is not known, or where the value by itself meets a rule that no
// contest can change.
func takeOut(fields []Field, r *Refusal) bool {
	m := r.Mark()
	if m == nil {
		return false
	}
	for i := range fields {
		if fields[i].Name != r.Field {
			continue
		}
		text := []rune(strings.ReplaceAll(fields[i].Text, "\r\n", "\n"))
		if m.End() > len(text) {
			return false
		}
		value := string(text[m.Start():m.End()])
		if found := newPage(value, Note).judge(); found.rule.Checked() {
			return false
		}
		for k := m.Start(); k < m.End(); k++ {
			text[k] = ' '
		}
		fields[i].Text = string(text)
		return true
	}
	return false
}
