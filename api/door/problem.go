package door

import (
	"encoding/json"
	"net/http"
	"strconv"
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
}

// Detail puts a fault into words, in the visit's language.
func (d *Door) Detail(v *Visit, f Fault) string {
	return d.Catalogue.Detail(v.Lang, f.Reason, string(f.Rule), f.Instead)
}

// Title is the short title of a fault, in the visit's language.
func (d *Door) Title(v *Visit, f Fault) string { return d.Catalogue.Title(v.Lang, f.Status) }

// Problem makes the document of a fault.
func (d *Door) Problem(v *Visit, f Fault) Problem {
	return Problem{
		Type: "https://" + d.Origin + "/problems/" + f.Reason, Title: d.Title(v, f), Status: f.Status,
		Rule: string(f.Rule), Pointer: f.Pointer, Detail: d.Detail(v, f), Request: string(v.Request),
	}
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
