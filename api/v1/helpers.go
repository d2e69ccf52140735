package v1

import (
	"context"

	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
)

// ListHelpers lists the members of the structure.
func (a *API) ListHelpers(ctx context.Context, _ ListHelpersRequestObject) (ListHelpersResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	members, err := a.register().Members(ctx, actor)
	if err != nil {
		return nil, err
	}
	answer := ListHelpers200JSONResponse{Helpers: []HelperView{}}
	for _, m := range members {
		answer.Helpers = append(answer.Helpers, HelperView{
			Id: MemberId(m.ID), Role: Code(m.Role), Referent: isReferent(*m), Auditor: isAuditor(*m),
			Opened: m.Opened, OpenedBy: m.OpenedBy, Closed: m.Closed, Adherence: adherence(m.Adhered),
			Hosted: m.Hosted, Used: m.Used, Sleep: sleeps[a.register().Sleeping(m, a.d.Now())],
		})
	}
	return answer, nil
}

// OpenHelper opens a member.
func (a *API) OpenHelper(ctx context.Context, q OpenHelperRequestObject) (OpenHelperResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	clean, err := a.d.Screen(ctx, actor, q.Body.Name.Field("name", screen.Name, maxName))
	if err != nil {
		return nil, err
	}
	made, err := a.register().OpenHelper(ctx, actor, consent.NewHelper{
		Name: clean[0], Role: charter.Role(q.Body.Role), Referent: q.Body.Referent, Auditor: q.Body.Auditor, Hosted: q.Body.Hosted,
	})
	if err != nil {
		return nil, err
	}
	return OpenHelper201JSONResponse(a.invitation(made)), nil
}

// invitation shows a link, or none when the call was a replay: its token was
// shown once and is kept nowhere.
func (a *API) invitation(i consent.Invitation) Invitation {
	v := Invitation{Id: MemberId(i.Member)}
	if i.Token.Reveal() != "" {
		v.Link = a.d.LinkURL(i.Token)
	}
	return v
}

// LinkHelper makes a sign-in link.
func (a *API) LinkHelper(ctx context.Context, q LinkHelperRequestObject) (LinkHelperResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	made, err := a.register().MakeLink(ctx, actor, consent.MemberID(q.Helper))
	if err != nil {
		return nil, err
	}
	return LinkHelper201JSONResponse(a.invitation(made)), nil
}

// CloseHelper closes a member.
func (a *API) CloseHelper(ctx context.Context, q CloseHelperRequestObject) (CloseHelperResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.register().CloseHelper(ctx, actor, consent.MemberID(q.Helper)); err != nil {
		return nil, err
	}
	return CloseHelper204Response{}, nil
}
