package v1

import (
	"context"
	"net/http"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

// LogLines reads lines of the log, newest first.
func (a *API) LogLines(ctx context.Context, q LogLinesRequestObject) (LogLinesResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	b := q.Body
	ask := consent.LogQuery{
		Person: consent.PersonID(b.Person), Mandate: consent.MandateID(b.Mandate), Member: consent.MemberID(b.Member),
		Purpose: charter.Purpose(b.Purpose), Before: b.Before, Limit: b.Limit,
	}
	if ask.Limit == 0 {
		ask.Limit = defaultPage
	}
	lines, next, err := a.register().LogLines(ctx, actor, ask)
	if err != nil {
		return nil, err
	}
	answer := LogLines200JSONResponse{Lines: []LogLine{}, Next: next}
	for _, line := range lines {
		answer.Lines = append(answer.Lines, lineView(line))
	}
	return answer, nil
}

func lineView(l audit.Line) LogLine {
	v := LogLine{N: l.N, Time: l.Time, Class: LogLineClass(l.Class), Leaf: string(l.Leaf)}
	if d := l.Detail; d != nil {
		v.Detail = LogDetail{
			Id: d.ID, Act: string(d.Act), By: d.By, Role: d.Role, Person: d.Person, Mandate: d.Mandate, Purpose: d.Purpose,
			Fields: d.Fields, Rules: d.Rules, On: d.On, Digest: d.Digest, Counts: d.Counts,
			Out: LogDetailOut(d.Out), Request: d.Request,
		}
	}
	return v
}

// Extract makes an extract while it is sent.
func (a *API) Extract(ctx context.Context, q ExtractRequestObject) (ExtractResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	ask := consent.ExtractRequest{
		From: q.Body.From, To: q.Body.To, Profile: q.Body.Profile, Purpose: charter.Purpose(q.Body.Purpose),
		Program: a.d.Version,
	}
	return zipping(func(w http.ResponseWriter) error {
		_, err := a.register().Extract(ctx, actor, &announced{ResponseWriter: w, name: extractName(actor.SpaceSlug(), ask)}, ask)
		return err
	}), nil
}
