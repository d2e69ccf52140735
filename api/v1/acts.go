package v1

import (
	"context"

	"aval/charter"
	"aval/consent"
)

// Cover answers "am I covered, now, for this?".
func (a *API) Cover(ctx context.Context, q CoverRequestObject) (CoverResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	b := q.Body
	ans, err := a.register().Cover(ctx, actor, consent.Question{
		Member: consent.MemberID(b.Member), Person: consent.PersonID(b.Person), Mandate: consent.MandateID(b.Mandate),
		Want: a.power(b.Service, b.Procedure, b.Mode),
	})
	if err != nil {
		return nil, err
	}
	v := Cover200JSONResponse{
		Covered: ans.Covered, Mandate: MandateId(ans.Mandate), Until: ans.Until, Rule: RuleId(ans.Rule), Reason: ans.Reason,
	}
	if !ans.Covered {
		v.Detail = a.d.Catalogue.Detail(visit(ctx).Lang, ans.Reason, string(ans.Rule), ans.Instead)
	}
	return v, nil
}

// RecordAct notes an act.
func (a *API) RecordAct(ctx context.Context, q RecordActRequestObject) (RecordActResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	b := q.Body
	act, err := a.register().RecordAct(ctx, actor, consent.NewAct{
		Member: consent.MemberID(b.Member), Person: consent.PersonID(b.Person), Mandate: consent.MandateID(b.Mandate),
		Did: a.power(b.Service, b.Procedure, b.Mode), Reason: charter.ActReason(b.Reason),
		Channel: charter.Channel(b.Channel), Credential: charter.CredentialEntry(b.CredentialEntry),
		Outcome: charter.Outcome(b.Outcome), Happened: b.Happened, Urgent: b.Urgent,
		Validated: b.Validated, ValidatedHow: charter.Validation(b.ValidatedHow), Period: b.Period,
	})
	if err != nil {
		return nil, err
	}
	return RecordAct201JSONResponse(actView(act)), nil
}
