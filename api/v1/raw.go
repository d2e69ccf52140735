package v1

import (
	"net/http"

	"aval/consent"
)

// Answers whose exact bytes matter, or that are made while they are sent: the
// generated types would parse and write them again.

// exactly answers with bytes as they are.
type exactly struct {
	media string
	body  []byte
}

func (x exactly) write(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", x.media)
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(x.body)
	return err
}

func (x exactly) VisitCharterDocumentResponse(w http.ResponseWriter) error { return x.write(w) }
func (x exactly) VisitServicesResponse(w http.ResponseWriter) error        { return x.write(w) }
func (x exactly) VisitOpenapiResponse(w http.ResponseWriter) error         { return x.write(w) }
func (x exactly) VisitMandateDocumentResponse(w http.ResponseWriter) error { return x.write(w) }
func (x exactly) VisitMandateOpeningResponse(w http.ResponseWriter) error  { return x.write(w) }
func (x exactly) VisitDestructionDocumentResponse(w http.ResponseWriter) error {
	return x.write(w)
}

// A zipping makes an extract while it is sent. The use-case enters the access
// before the first byte; until then an error is answered as a problem.
type zipping func(w http.ResponseWriter) error

func (z zipping) VisitExtractResponse(w http.ResponseWriter) error { return z(w) }

// announced sends the headers of a zip with its first byte.
type announced struct {
	http.ResponseWriter
	name string
	sent bool
}

func (a *announced) Write(b []byte) (int, error) {
	if !a.sent {
		a.sent = true
		a.Header().Set("Content-Type", "application/zip")
		a.Header().Set("Content-Disposition", `attachment; filename="`+a.name+`"`)
		a.WriteHeader(http.StatusOK)
	}
	return a.ResponseWriter.Write(b)
}

// extractName is the file name of an extract: fixed words and dates.
func extractName(space string, q consent.ExtractRequest) string {
	const day = "20060102"
	return "aval-" + space + "-" + q.Profile + "-" + q.From.UTC().Format(day) + "-" + q.To.UTC().Format(day) + ".zip"
}
