package door

import (
	"encoding/json"
	"net/http"
	"strconv"

	"aval/consent"
)

// A Problem is a problem document (RFC 9457), in the reader's language. It never
// has a value that was sent.
type Problem struct {
	Type    string `json:"type"` // https://ORIGIN/problems/REASON
	Title   string `json:"title"`
	Status  int    `json:"status"`
	Rule    string `json:"rule,omitempty"`    // of the charter
	Pointer string `json:"pointer,omitempty"` // RFC 6901
	Detail  string `json:"detail"`
	Request string `json:"request"`
	// Of a text that was refused because it holds a credential (extension members,
	// RFC 9457 §3.2). The text itself, and any part of it, is nowhere.
	Kind        string       `json:"kind,omitempty"`
	ScreenRule  string       `json:"screen_rule,omitempty"`
	Range       *Range       `json:"range,omitempty"`
	Suggestions []Suggestion `json:"suggestions,omitempty"`
	Contestable *bool        `json:"contestable,omitempty"`
	Rewritten   *bool        `json:"rewritten,omitempty"`
}

// A Range is the doubtful part of a text, in characters (Unicode code points, a CR
// LF as one) from its start: from Start up to, and without, End.
type Range struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// A Suggestion is a way out: its key, what it says and, where there is one, a fixed
// sentence to write in place of what was refused. None is made of what was typed.
type Suggestion struct {
	Key      string `json:"key"`
	Label    string `json:"label"`
	Sentence string `json:"sentence,omitempty"`
}

// Detail puts a fault into words, in the visit's language.
func (d *Door) Detail(v *Visit, f Fault) string {
	return d.Catalogue.Detail(v.Lang, f.Reason, string(f.Rule), f.Instead)
}

// Title is the short title of a fault, in the visit's language.
func (d *Door) Title(v *Visit, f Fault) string { return d.Catalogue.Title(v.Lang, f.Status) }

// Problem makes the document of a fault.
func (d *Door) Problem(v *Visit, f Fault) Problem {
	p := Problem{
		Type: "https://" + d.Origin + "/problems/" + f.Reason, Title: d.Title(v, f), Status: f.Status,
		Rule: string(f.Rule), Pointer: f.Pointer, Detail: d.Detail(v, f), Request: string(v.Request),
	}
	if t := f.Text; t != nil {
		p.Kind, p.ScreenRule, p.Contestable, p.Rewritten = string(t.Kind), string(t.Rule), &t.Contestable, &t.Rewritten
		if t.Mark != nil {
			p.Range = &Range{Start: t.Mark.Start(), End: t.Mark.End()}
		}
		p.Suggestions = d.Suggestions(v, t)
	}
	return p
}

// Suggestions puts the ways out of a refused text into words, in the visit's
// language.
func (d *Door) Suggestions(v *Visit, t *consent.TextRefusal) []Suggestion {
	list := make([]Suggestion, len(t.Suggestions))
	for i, s := range t.Suggestions {
		list[i] = Suggestion{
			Key: string(s), Label: d.Catalogue.Suggestion(v.Lang, string(s)), Sentence: d.Catalogue.Sentence(v.Lang, string(s)),
		}
	}
	return list
}

// FaultHeaders sets what a fault says in headers, for both doors.
func FaultHeaders(h http.Header, f Fault) {
	if f.Retry > 0 {
		h.Set("Retry-After", strconv.Itoa(f.Retry))
	}
	if f.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", challenge(f.Reason))
	}
}

// WriteProblem answers with the problem document of a fault.
func (d *Door) WriteProblem(w http.ResponseWriter, v *Visit, f Fault) error {
	body, err := json.Marshal(d.Problem(v, f))
	if err != nil {
		return err
	}
	h := w.Header()
	FaultHeaders(h, f)
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Language", v.Lang.String())
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(f.Status)
	_, err = w.Write(append(body, '\n'))
	return err
}
