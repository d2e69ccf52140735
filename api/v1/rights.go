package v1

import (
	"context"

	"aval/consent"
)

// PersonRequests lists what a person asked about their data.
func (a *API) PersonRequests(ctx context.Context, q PersonRequestsRequestObject) (PersonRequestsResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	list, err := a.register().Rights(ctx, actor, consent.PersonID(q.Person))
	if err != nil {
		return nil, err
	}
	return PersonRequests200JSONResponse{Requests: a.requests(list)}, nil
}

// AskRight writes down what a person asks.
func (a *API) AskRight(ctx context.Context, q AskRightRequestObject) (AskRightResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	made, err := a.register().AskRight(ctx, actor, consent.PersonID(q.Person), consent.RightKind(q.Body.Kind))
	if err != nil {
		return nil, err
	}
	return AskRight200JSONResponse(a.request(made)), nil
}

// OpenRequests lists what waits for an answer.
func (a *API) OpenRequests(ctx context.Context, _ OpenRequestsRequestObject) (OpenRequestsResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	list, err := a.register().OpenRights(ctx, actor)
	if err != nil {
		return nil, err
	}
	return OpenRequests200JSONResponse{Requests: a.requests(list)}, nil
}

// ExtendRequest takes two months more.
func (a *API) ExtendRequest(ctx context.Context, q ExtendRequestRequestObject) (ExtendRequestResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	made, err := a.register().ExtendRight(ctx, actor, consent.RightID(q.Body.Request), consent.RightWhy(q.Body.Why))
	if err != nil {
		return nil, err
	}
	return ExtendRequest200JSONResponse(a.request(made)), nil
}

// AnswerRequest says how a request was answered.
func (a *API) AnswerRequest(ctx context.Context, q AnswerRequestRequestObject) (AnswerRequestResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	made, err := a.register().AnswerRight(ctx, actor, consent.RightID(q.Body.Request), consent.RightOutcome(q.Body.Outcome))
	if err != nil {
		return nil, err
	}
	return AnswerRequest200JSONResponse(a.request(made)), nil
}

func (a *API) requests(list []*consent.RightRequest) []DataRequest {
	out := []DataRequest{}
	for _, q := range list {
		out = append(out, a.request(q))
	}
	return out
}

func (a *API) request(q *consent.RightRequest) DataRequest {
	return DataRequest{
		Id: DataRequestId(q.ID), Person: PersonId(q.Person), Kind: string(q.Kind), By: q.By, Asked: q.Asked, Due: q.Due,
		Late: q.Late(a.d.Now()), Extended: q.Extended, Why: string(q.Why), Answered: q.Answered, Outcome: string(q.Outcome),
	}
}

// CopyPerson gives everything that is kept about a person.
func (a *API) CopyPerson(ctx context.Context, q CopyPersonRequestObject) (CopyPersonResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	c, err := a.register().CopyPerson(ctx, actor, consent.PersonID(q.Person))
	if err != nil {
		return nil, err
	}
	v := CopyPerson200JSONResponse{
		Data:     revealed(&consent.Revealed{Person: c.Person, Identity: c.Identity, Contact: c.Contact, Entry: c.Entry, At: a.d.Now()}),
		Mandates: a.mandates(c.Mandates, "").Mandates, Acts: []Act{}, Stops: stops(c.Stops).Stops, Requests: a.requests(c.Rights),
		Lines: []LogLine{}, More: c.More,
	}
	for _, act := range c.Acts {
		v.Acts = append(v.Acts, actView(act))
	}
	for _, l := range c.Lines {
		v.Lines = append(v.Lines, lineView(l))
	}
	return v, nil
}
