package v1

import (
	"context"
	"net/http"

	"aval/charter"
	"aval/consent"
)

// RedeemLink uses a one-time link up.
func (a *API) RedeemLink(ctx context.Context, q RedeemLinkRequestObject) (RedeemLinkResponseObject, error) {
	r, err := a.d.Redeem(ctx, visit(ctx), q.Body.Token)
	if err != nil {
		return nil, err
	}
	return RedeemLink200JSONResponse{Bearer: r.Bearer, Expires: r.Expires, MadeBy: r.MadeBy, Space: r.Space}, nil
}

// signedOut ends the session while it answers: the cookie goes too.
type signedOut func(w http.ResponseWriter) error

func (s signedOut) VisitSignOutResponse(w http.ResponseWriter) error { return s(w) }

// SignOut ends the session.
func (a *API) SignOut(ctx context.Context, _ SignOutRequestObject) (SignOutResponseObject, error) {
	return signedOut(func(w http.ResponseWriter) error {
		if err := a.d.SignOut(ctx, visit(ctx), w); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}), nil
}

// Me tells who asks and what they may do.
func (a *API) Me(ctx context.Context, _ MeRequestObject) (MeResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	me, structure, err := a.register().Self(ctx, actor)
	if err != nil {
		return nil, err
	}
	ch := a.register().Charter()
	helps := isHelper(ch, me.Role)
	return Me200JSONResponse{
		Member: MemberId(me.ID), Role: Code(me.Role), Referent: isReferent(me), Auditor: isAuditor(me),
		Structure: StructureView{
			Id: StructureId(structure.Structure), Name: structure.Name.String(), Space: structure.Slug, Tz: structure.TZ,
			Phone: structure.Phone.String(),
		},
		Adherence: adherence(me.Adhered), MustAdhere: helps && me.Adhered.Version != ch.Version(),
		LinkBy: actor.LinkBy(), MaySign: actor.MaySign(a.d.Now()), May: may(me, helps), Missions: missions(ch, me.Role),
	}, nil
}

func isReferent(m consent.Member) bool { return m.Referent || m.Role == charter.Referent }
func isAuditor(m consent.Member) bool  { return m.Auditor || m.Role == charter.DPO }

func isHelper(ch *charter.Charter, role charter.Role) bool {
	info, _ := ch.Role(role)
	return info.Kind == "helper"
}

func may(m consent.Member, helps bool) []MeMay {
	list := []MeMay{}
	if helps {
		list = append(list, Help)
	}
	if isReferent(m) {
		list = append(list, Govern)
	}
	if isReferent(m) || isAuditor(m) {
		list = append(list, Audit)
	}
	return list
}

// missions is the charter's matrix for a role; empty for an office.
func missions(ch *charter.Charter, role charter.Role) []MissionCell {
	list := []MissionCell{}
	for _, m := range ch.Missions() {
		if cell := ch.Cell(m.Code, role); cell != "" {
			list = append(list, MissionCell{Mission: Code(m.Code), Cell: string(cell)})
		}
	}
	return list
}

func adherence(a consent.Adherence) Adherence {
	return Adherence{Version: a.Version, Digest: a.Digest, At: a.At}
}
