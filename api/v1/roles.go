package v1

import (
	"context"

	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
)

// sleeps are the words for how long nobody signed in to an account.
var sleeps = map[charter.Sleep]HelperViewSleep{
	charter.Awake: Awake, charter.Drowsy: Drowsy, charter.Asleep: Asleep,
}

// NameHelper opens the account of somebody whom a person names.
func (a *API) NameHelper(ctx context.Context, q NameHelperRequestObject) (NameHelperResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	clean, err := a.d.Screen(ctx, actor, q.Body.Name.Field("name", screen.Name, maxName))
	if err != nil {
		return nil, err
	}
	id, err := a.register().NameHelper(ctx, actor, consent.Named{
		Person: consent.PersonID(q.Person), Name: clean[0], Role: charter.Role(q.Body.Role),
	})
	if err != nil {
		return nil, err
	}
	return NameHelper201JSONResponse{Id: MemberId(id)}, nil
}

// InviteNamed makes the link of whoever a person named in a mandate.
func (a *API) InviteNamed(ctx context.Context, q InviteNamedRequestObject) (InviteNamedResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	made, err := a.register().InviteNamed(ctx, actor, consent.MandateID(q.Mandate))
	if err != nil {
		return nil, err
	}
	return InviteNamed201JSONResponse(a.invitation(made)), nil
}

// JoinStructure takes an invitation into the account that asks.
func (a *API) JoinStructure(ctx context.Context, q JoinStructureRequestObject) (JoinStructureResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	joined, err := a.d.Join(ctx, actor, q.Body.Token)
	if err != nil {
		return nil, err
	}
	return JoinStructure200JSONResponse{Space: joined.Slug, Member: MemberId(joined.Member)}, nil
}

// OpenGlass lets the operator see one person's data for a while.
func (a *API) OpenGlass(ctx context.Context, q OpenGlassRequestObject) (OpenGlassResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	g, err := a.register().OpenGlass(ctx, actor, consent.PersonID(q.Person), charter.GlassReasonCode(q.Body.Reason))
	if err != nil {
		return nil, err
	}
	return OpenGlass200JSONResponse{Person: PersonId(g.Person), Reason: Code(g.Reason), Until: g.Until}, nil
}

// CloseGlass closes it before its time.
func (a *API) CloseGlass(ctx context.Context, q CloseGlassRequestObject) (CloseGlassResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.register().CloseGlass(ctx, actor, consent.PersonID(q.Person)); err != nil {
		return nil, err
	}
	return CloseGlass204Response{}, nil
}
