package v1

import (
	"context"

	"aval/charter/screen"
	"aval/consent"
)

// StopPerson stops everything for a person, or one part of everything.
func (a *API) StopPerson(ctx context.Context, q StopPersonRequestObject) (StopPersonResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	part, err := consent.ParsePart(q.Body.Part)
	if err != nil {
		return nil, err
	}
	receipt, err := a.register().StopPerson(ctx, actor, consent.PersonID(q.Person), part, consent.StopWay(q.Body.Way))
	if err != nil {
		return nil, err
	}
	return StopPerson200JSONResponse(a.receipt(receipt)), nil
}

func (a *API) receipt(r *consent.Receipt) StopReceipt {
	v := StopReceipt{At: r.At, Entry: r.Entry, Stopped: []StoppedMandate{}, Next: []NextDuty{}}
	for _, m := range r.Stopped {
		v.Stopped = append(v.Stopped, StoppedMandate{Mandate: MandateId(m.ID), Ref: m.Ref, State: string(m.State(a.d.Now()))})
	}
	for _, d := range r.Next {
		v.Next = append(v.Next, NextDuty{Service: Code(d.Service), Procedure: Code(d.Procedure), Next: d.Next})
	}
	return v
}

// PersonStops lists what a person stopped.
func (a *API) PersonStops(ctx context.Context, q PersonStopsRequestObject) (PersonStopsResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	list, err := a.register().Stops(ctx, actor, consent.PersonID(q.Person))
	if err != nil {
		return nil, err
	}
	return PersonStops200JSONResponse(stops(list)), nil
}

// Stops lists what nobody has answered, and tells whoever asks what they have to
// know.
func (a *API) Stops(ctx context.Context, _ StopsRequestObject) (StopsResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := a.register().StopNews(ctx, actor); err != nil {
		return nil, err
	}
	list, err := a.register().StopTasks(ctx, actor)
	if err != nil {
		return nil, err
	}
	return Stops200JSONResponse(stops(list)), nil
}

// AnswerStop says that whoever asks takes care of a stop.
func (a *API) AnswerStop(ctx context.Context, q AnswerStopRequestObject) (AnswerStopResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	n, err := a.register().AckStop(ctx, actor, consent.StopID(q.Body.Stop))
	if err != nil {
		return nil, err
	}
	return AnswerStop200JSONResponse(stopNote(n)), nil
}

func stops(list []*consent.StopNote) Stops {
	v := Stops{Stops: []StopNote{}}
	for _, n := range list {
		v.Stops = append(v.Stops, stopNote(n))
	}
	return v
}

func stopNote(n *consent.StopNote) StopNote {
	v := StopNote{
		Id: StopId(n.ID), Person: PersonId(n.Person), Mandate: MandateId(n.Mandate), Ref: n.Ref,
		Part: consent.Part{Scope: n.Part}.String(), Way: StopNoteWay(n.Way), By: n.By, EffectiveAt: n.Effective,
		NotifiedAt: n.Notified(), AckAt: n.Acked, AckBy: MemberId(n.AckedBy), ChasedAt: n.Chased, Tell: []MemberId{},
	}
	for _, h := range n.Tell {
		v.Tell = append(v.Tell, MemberId(h))
	}
	return v
}

// StopWithCard stops for whoever brought their card.
func (a *API) StopWithCard(ctx context.Context, q StopWithCardRequestObject) (StopWithCardResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	receipt, err := a.d.StopWithCard(ctx, visit(ctx), actor, q.Body.Code)
	if err != nil {
		return nil, err
	}
	return StopWithCard200JSONResponse(a.receipt(receipt)), nil
}

// RequestStop asks another structure.
func (a *API) RequestStop(ctx context.Context, q RequestStopRequestObject) (RequestStopResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	b := q.Body
	clean, err := a.d.Screen(ctx, actor, b.Name.Field("name", screen.Name, maxName))
	if err != nil {
		return nil, err
	}
	err = a.register().RequestStop(ctx, actor, consent.StopRequest{To: b.To, Name: clean[0], Birth: b.Birth})
	if err != nil {
		return nil, err
	}
	return RequestStop202Response{}, nil
}

// StopPlaces lists the other structures.
func (a *API) StopPlaces(ctx context.Context, _ StopPlacesRequestObject) (StopPlacesResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	list, err := a.register().Places(ctx, actor)
	if err != nil {
		return nil, err
	}
	v := StopPlaces200JSONResponse{Structures: []Place{}}
	for _, p := range list {
		v.Structures = append(v.Structures, Place{Slug: p.Slug, Name: p.Name})
	}
	return v, nil
}

// SetOwnMail says where whoever asks wants to be told of stops.
func (a *API) SetOwnMail(ctx context.Context, q SetOwnMailRequestObject) (SetOwnMailResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	clean, err := a.d.Screen(ctx, actor, q.Body.Email.Field("email", screen.Email, 254))
	if err != nil {
		return nil, err
	}
	if err := a.register().SetOwnMail(ctx, actor, clean[0]); err != nil {
		return nil, err
	}
	return SetOwnMail204Response{}, nil
}
