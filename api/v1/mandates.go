package v1

import (
	"context"
	"fmt"

	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
)

// Sizes of a page of a list.
const (
	defaultPage = 50
	maxPage     = 100
)

// ListMandates lists the structure's mandates, or finds one by its reference.
func (a *API) ListMandates(ctx context.Context, q ListMandatesRequestObject) (ListMandatesResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	if q.Params.Ref != "" {
		m, err := a.register().MandateByRef(ctx, actor, q.Params.Ref)
		if err != nil {
			return nil, err
		}
		return ListMandates200JSONResponse(a.mandates([]*consent.Mandate{m}, "")), nil
	}
	page := consent.Page{After: q.Params.After, Limit: q.Params.Limit}
	if page.Limit == 0 {
		page.Limit = defaultPage
	}
	list, next, err := a.register().Mandates(ctx, actor, consent.PersonID(q.Params.Person), page)
	if err != nil {
		return nil, err
	}
	return ListMandates200JSONResponse(a.mandates(list, next)), nil
}

// Mandate gives one mandate.
func (a *API) Mandate(ctx context.Context, q MandateRequestObject) (MandateResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	m, err := a.register().Mandate(ctx, actor, consent.MandateID(q.Mandate))
	if err != nil {
		return nil, err
	}
	return Mandate200JSONResponse(a.mandate(m)), nil
}

// DraftMandate drafts a mandate and, with an explanation, proposes it.
func (a *API) DraftMandate(ctx context.Context, q DraftMandateRequestObject) (DraftMandateResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	m, err := a.register().DraftMandate(ctx, actor, terms(q.Body))
	if err != nil {
		return nil, err
	}
	return DraftMandate201JSONResponse(a.mandate(m)), nil
}

func terms(b *DraftRequest) consent.Terms {
	t := consent.Terms{
		Person: consent.PersonID(b.Person), From: b.From, Days: b.Days, Until: b.Until, OneProcedure: b.OneProcedure,
		Capacity: charter.Capacity(b.Capacity), Conflict: charter.Conflict(b.Conflict),
		SpecialMandatary: b.SpecialMandatary, ReferentConfirmed: b.ReferentConfirmed,
		Supersession: charter.Supersession(b.Supersession), For: consent.MemberID(b.For), Tie: charter.Tie(b.Tie),
	}
	for _, p := range b.Powers {
		t.Powers = append(t.Powers, consent.Power{
			Service: charter.ServiceCode(p.Service), Procedure: charter.ProcedureCode(p.Procedure), Mode: charter.Mode(p.Mode),
		})
	}
	for _, h := range b.Helpers {
		t.Helpers = append(t.Helpers, consent.MemberID(h))
	}
	if b.Explained != (ExplainedRequest{}) {
		e := explained(b.Explained)
		t.Explained = &e
	}
	return t
}

func explained(e ExplainedRequest) consent.Explained {
	return consent.Explained{Lang: e.Lang, Aid: charter.Aid(e.Aid)}
}

// power makes a power with the category that its procedure has; of words that
// the charter does not have, the use-case says so.
func (a *API) power(service, procedure, mode string) consent.Power {
	p := consent.Power{
		Service: charter.ServiceCode(service), Procedure: charter.ProcedureCode(procedure), Mode: charter.Mode(mode),
	}
	if known, ok := a.register().Charter().Procedure(p.Service, p.Procedure); ok {
		p.Category = known.Category
	}
	return p
}

// ProposeMandate says how a draft was explained.
func (a *API) ProposeMandate(ctx context.Context, q ProposeMandateRequestObject) (ProposeMandateResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	m, err := a.register().ProposeMandate(ctx, actor, consent.MandateID(q.Mandate), explained(*q.Body))
	if err != nil {
		return nil, err
	}
	return ProposeMandate200JSONResponse(a.mandate(m)), nil
}

// SignMandate records that the person agreed.
func (a *API) SignMandate(ctx context.Context, q SignMandateRequestObject) (SignMandateResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	b := q.Body
	fields := []screen.Field{b.PaperPlace.Field("paper_place", screen.Place, maxPlace)}
	for i, w := range b.Witnesses {
		fields = append(fields, w.Field(fmt.Sprintf("witnesses/%d", i), screen.Name, maxName))
	}
	clean, err := a.d.Screen(ctx, actor, fields...)
	if err != nil {
		return nil, err
	}
	m, err := a.register().SignMandate(ctx, actor, consent.MandateID(q.Mandate), consent.Agreement{
		Type: charter.EvidenceType(b.Type), PaperPlace: clean[0], Witnesses: clean[1:], OutsideTeam: b.OutsideTeam,
		Copy: consent.CopyHow(b.Copy), Scan: seenScan(b.Scan),
	})
	if err != nil {
		return nil, err
	}
	return SignMandate200JSONResponse(a.mandate(m)), nil
}

// AcceptMandate accepts for the mandatary.
func (a *API) AcceptMandate(ctx context.Context, q AcceptMandateRequestObject) (AcceptMandateResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	m, err := a.accept(ctx, actor, consent.MandateID(q.Mandate), q.Body)
	if err != nil {
		return nil, err
	}
	return AcceptMandate200JSONResponse(a.mandate(m)), nil
}

// accept accepts with what a passkey gave, or without.
func (a *API) accept(ctx context.Context, actor consent.Actor, id consent.MandateID, by *Acceptance) (*consent.Mandate, error) {
	if by == nil || by.Ceremony == "" || actor.Member() == "" { // whoever has no keys is told why they may not
		return a.register().AcceptMandate(ctx, actor, id)
	}
	at, err := a.d.Party()
	if err != nil {
		return nil, err
	}
	answer, err := answerOf(by.Answer)
	if err != nil {
		return nil, err
	}
	return a.register().AcceptMandateByPasskey(ctx, actor, at, id, consent.CeremonyID(by.Ceremony), answer)
}

// AskAcceptance asks one's own passkey to sign a mandate.
func (a *API) AskAcceptance(ctx context.Context, q AskAcceptanceRequestObject) (AskAcceptanceResponseObject, error) {
	actor, at, err := a.holder(ctx)
	if err != nil {
		return nil, err
	}
	made, err := a.register().AskAcceptance(ctx, actor, at, consent.MandateID(q.Mandate))
	if err != nil {
		return nil, err
	}
	v, err := asked(made)
	return AskAcceptance200JSONResponse(v), err
}

// DeliverMandate says that the person has their copy.
func (a *API) DeliverMandate(ctx context.Context, q DeliverMandateRequestObject) (DeliverMandateResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	m, err := a.register().DeliverMandate(ctx, actor, consent.MandateID(q.Mandate), consent.CopyHow(q.Body.How))
	if err != nil {
		return nil, err
	}
	return DeliverMandate200JSONResponse(a.mandate(m)), nil
}

// RevokeMandate stops a mandate, whole when no body says less.
func (a *API) RevokeMandate(ctx context.Context, q RevokeMandateRequestObject) (RevokeMandateResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	var scope consent.Scope
	if b := q.Body; b != nil {
		scope = consent.Scope{
			Service: charter.ServiceCode(b.Service), Procedure: charter.ProcedureCode(b.Procedure),
			Helper: consent.MemberID(b.Helper),
		}
	}
	m, err := a.register().RevokeMandate(ctx, actor, consent.MandateID(q.Mandate), scope)
	if err != nil {
		return nil, err
	}
	return RevokeMandate200JSONResponse(a.mandate(m)), nil
}

// RenounceMandate ends a mandate as its mandatary.
func (a *API) RenounceMandate(ctx context.Context, q RenounceMandateRequestObject) (RenounceMandateResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	m, err := a.register().RenounceMandate(ctx, actor, consent.MandateID(q.Mandate))
	if err != nil {
		return nil, err
	}
	return RenounceMandate200JSONResponse(a.mandate(m)), nil
}

// IssueCheck makes a code for a counter.
func (a *API) IssueCheck(ctx context.Context, q IssueCheckRequestObject) (IssueCheckResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	c, err := a.register().IssueCheck(ctx, actor, consent.MandateID(q.Mandate), charter.ServiceCode(q.Body.Service))
	if err != nil {
		return nil, err
	}
	return IssueCheck201JSONResponse{
		Code: c.Code.Shown(), Ref: c.Ref, Service: Code(c.Service), Expires: c.Expires, Page: a.d.PublicURL + "/verifier",
	}, nil
}

// MandateDocument gives the signed document.
func (a *API) MandateDocument(ctx context.Context, q MandateDocumentRequestObject) (MandateDocumentResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	doc, err := a.register().MandateDocument(ctx, actor, consent.MandateID(q.Mandate), charter.Purpose(q.Body.Purpose))
	if err != nil {
		return nil, err
	}
	return exactly{media: "application/jose+json", body: doc}, nil
}

// MandateOpening gives what proves whom a signed document is about.
func (a *API) MandateOpening(ctx context.Context, q MandateOpeningRequestObject) (MandateOpeningResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	opening, err := a.register().MandateOpening(ctx, actor, consent.MandateID(q.Mandate), charter.Purpose(q.Body.Purpose))
	if err != nil {
		return nil, err
	}
	return exactly{media: "application/json", body: opening}, nil
}
