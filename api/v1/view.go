package v1

import (
	"time"

	"aval/consent"
)

// Clear rows in the contract's words: identifiers, fixed words, instants.

func (a *API) mandates(list []*consent.Mandate, next string) Mandates {
	answer := Mandates{Mandates: []Mandate{}, Next: next}
	for _, m := range list {
		answer.Mandates = append(answer.Mandates, a.mandate(m))
	}
	return answer
}

// mandate shows a mandate as it stands now.
func (a *API) mandate(m *consent.Mandate) Mandate {
	now, p := a.d.Now(), &m.Payload
	v := Mandate{
		Id: MandateId(m.ID), Ref: m.Ref, Person: PersonId(m.Person), By: string(m.By),
		State: MandateState(m.State(now)), InForce: m.InForce(now), From: p.From, Until: p.Until, Tz: p.TZ,
		OneProcedure: m.OneProcedure, Capacity: string(p.Capacity), Charter: p.Charter.Version,
		Mandatary: MandataryView{Kind: MandataryViewKind(p.Mandatary.Kind), Id: p.Mandatary.ID},
		MinLevel:  Level(p.MinLevel.String()), Level: Level(m.Level().String()), Digest: m.Digest,
		Drafted: m.Drafted, Proposed: m.Proposed, Signed: m.Signed, Accepted: m.Accepted, Delivered: m.Delivered,
		Copy: m.Copy, Tie: string(m.Tie), Powers: powers(m, now), Required: []string{},
	}
	for _, h := range p.Helpers.Named {
		v.Helpers = append(v.Helpers, MemberId(h))
	}
	for _, role := range p.Required {
		v.Required = append(v.Required, string(role))
	}
	for _, id := range p.Supersedes {
		v.Supersedes = append(v.Supersedes, MandateId(id))
	}
	for _, e := range m.Evidence {
		v.Evidence = append(v.Evidence, EvidenceView{Role: string(e.Role), Type: string(e.Type), Level: Level(e.Level.String())})
	}
	for _, s := range m.Stops {
		v.Stops = append(v.Stops, StopView{
			At: s.At, By: s.By, Service: string(s.Service), Procedure: string(s.Procedure), Helper: string(s.Helper),
		})
	}
	for _, l := range m.Lasts {
		v.Lasts = append(v.Lasts, LastView{
			Service: Code(l.Service), Procedure: Code(l.Procedure), At: l.At, Outcome: string(l.Outcome), Done: l.Done,
		})
	}
	if !m.Proposed.IsZero() {
		v.Explained = ExplainedView{Lang: p.Explained.Lang, Aid: string(p.Explained.Aid), By: string(p.Explained.By)}
	}
	if !m.End.At.IsZero() {
		v.End = EndView{At: m.End.At, Kind: string(m.End.Kind), By: m.End.By}
	}
	return v
}

func powers(m *consent.Mandate, now time.Time) []PowerView {
	list := []PowerView{}
	for _, p := range m.Payload.Powers {
		list = append(list, PowerView{
			Service: Code(p.Service), Procedure: Code(p.Procedure), Category: Code(p.Category), Mode: Code(p.Mode),
			Stopped: m.Stopped(p, "", now),
		})
	}
	return list
}

func actView(act *consent.Act) Act {
	return Act{
		Id: ActId(act.ID), Person: PersonId(act.Person), Mandate: MandateId(act.Mandate), By: MemberId(act.By),
		Via:  ProgramId(act.Via),
		Role: Code(act.Role), Service: Code(act.Service), Procedure: Code(act.Procedure), Mode: Code(act.Mode),
		Reason: string(act.Reason), Channel: string(act.Channel), CredentialEntry: string(act.Credential),
		Outcome: string(act.Outcome), Happened: act.Happened, Recorded: act.Recorded, Late: act.Late, Urgent: act.Urgent,
		Validated: act.Validated, ValidatedHow: string(act.ValidatedBy), Period: act.Period,
	}
}
