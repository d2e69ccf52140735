package v1

import (
	"context"

	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
	"aval/consent/personal"
)

// ListNames shows the names of a list of persons.
func (a *API) ListNames(ctx context.Context, q ListNamesRequestObject) (ListNamesResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]consent.PersonID, len(q.Body.Persons))
	for i, id := range q.Body.Persons {
		ids[i] = consent.PersonID(id)
	}
	list, err := a.register().ListNames(ctx, actor, ids, charter.Purpose(q.Body.Purpose))
	if err != nil {
		return nil, err
	}
	return ListNames200JSONResponse{Found: revealedAll(list)}, nil
}

func revealedAll(list []consent.Revealed) []Revealed {
	all := make([]Revealed, len(list))
	for i := range list {
		all[i] = revealed(&list[i])
	}
	return all
}

// SimilarPersons finds who may be the one about to be recorded.
func (a *API) SimilarPersons(ctx context.Context, q SimilarPersonsRequestObject) (SimilarPersonsResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	b := q.Body
	clean, err := a.d.Screen(ctx, actor,
		b.GivenNames.Field("given_names", screen.Name, maxName),
		b.BirthName.Field("birth_name", screen.Name, maxName),
		b.UsedName.Field("used_name", screen.Name, maxName),
	)
	if err != nil {
		return nil, err
	}
	list, err := a.register().Similar(ctx, actor, consent.PersonData{
		GivenNames: clean[0], BirthName: clean[1], UsedName: clean[2], Birth: b.Birth,
	})
	if err != nil {
		return nil, err
	}
	return SimilarPersons200JSONResponse{Found: revealedAll(list)}, nil
}

// MemberNames shows display names of colleagues.
func (a *API) MemberNames(ctx context.Context, q MemberNamesRequestObject) (MemberNamesResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]consent.MemberID, len(q.Body.Members))
	for i, id := range q.Body.Members {
		ids[i] = consent.MemberID(id)
	}
	names, err := a.register().MemberNames(ctx, actor, ids)
	if err != nil {
		return nil, err
	}
	return MemberNames200JSONResponse{Names: memberNames(ids, names)}, nil
}

func memberNames(order []consent.MemberID, names map[consent.MemberID]personal.Text) []MemberName {
	list := []MemberName{}
	for _, id := range order {
		list = append(list, MemberName{Member: MemberId(id), Name: names[id].Reveal()})
	}
	return list
}

// MandateSheet shows what the paper of a mandate says.
func (a *API) MandateSheet(ctx context.Context, q MandateSheetRequestObject) (MandateSheetResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	s, err := a.register().MandateSheet(ctx, actor, consent.MandateID(q.Mandate), charter.Purpose(q.Body.Purpose))
	if err != nil {
		return nil, err
	}
	template := s.Mandate.Payload.Template
	answer := MandateSheet200JSONResponse{
		Mandate: a.mandate(s.Mandate), Identity: identity(&s.Identity),
		Structure: StructureView{
			Id: StructureId(s.Structure.Structure), Name: s.Structure.Name.String(), Space: s.Structure.Slug, Tz: s.Structure.TZ,
		},
		HelperName: s.HelperName.Reveal(), Template: TemplateView{Digest: template.Digest, Lang: template.Lang},
		Names: memberNames(s.Members, s.Names), Digest: s.Digest, Entry: s.Entry,
	}
	for _, o := range s.Others {
		answer.Others = append(answer.Others, a.mandate(o))
	}
	return answer, nil
}
