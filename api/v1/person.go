package v1

import (
	"context"

	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
	"aval/consent/personal"
)

// Longest texts, in characters; the contract says the same.
const (
	maxName    = 200
	maxPhone   = 40
	maxEmail   = 254
	maxAddress = 500
	maxPlace   = 200
)

// RecordPerson records a person.
func (a *API) RecordPerson(ctx context.Context, q RecordPersonRequestObject) (RecordPersonResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	b := q.Body
	fields := append([]screen.Field{
		b.GivenNames.Field("given_names", screen.Name, maxName),
		b.BirthName.Field("birth_name", screen.Name, maxName),
		b.UsedName.Field("used_name", screen.Name, maxName),
	}, contactFields("contact/", b.Contact)...)
	clean, err := a.d.Screen(ctx, actor, fields...)
	if err != nil {
		return nil, err
	}
	id, err := a.register().RecordPerson(ctx, actor, consent.PersonData{
		GivenNames: clean[0], BirthName: clean[1], UsedName: clean[2], Birth: b.Birth,
		Phone: clean[3], Email: clean[4], Address: clean[5], Language: b.Contact.Language,
	})
	if err != nil {
		return nil, err
	}
	return RecordPerson201JSONResponse{Id: PersonId(id)}, nil
}

func contactFields(prefix string, c ContactRequest) []screen.Field {
	return []screen.Field{
		c.Phone.Field(prefix+"phone", screen.Phone, maxPhone),
		c.Email.Field(prefix+"email", screen.Email, maxEmail),
		c.Address.Field(prefix+"address", screen.Address, maxAddress),
	}
}

// UpdateContact replaces a person's contact.
func (a *API) UpdateContact(ctx context.Context, q UpdateContactRequestObject) (UpdateContactResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	clean, err := a.d.Screen(ctx, actor, contactFields("", *q.Body)...)
	if err != nil {
		return nil, err
	}
	err = a.register().UpdateContact(ctx, actor, consent.PersonID(q.Person), consent.PersonData{
		Phone: clean[0], Email: clean[1], Address: clean[2], Language: q.Body.Language,
	})
	if err != nil {
		return nil, err
	}
	return UpdateContact204Response{}, nil
}

// SearchPersons finds candidates.
func (a *API) SearchPersons(ctx context.Context, q SearchPersonsRequestObject) (SearchPersonsResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	clean, err := a.d.Screen(ctx, actor, q.Body.Name.Field("name", screen.Search, maxName))
	if err != nil {
		return nil, err
	}
	found, err := a.register().SearchPersons(ctx, actor, consent.Search{
		Name: clean[0], Birth: q.Body.Birth, Purpose: charter.Purpose(q.Body.Purpose),
	})
	if err != nil {
		return nil, err
	}
	return SearchPersons200JSONResponse{Found: revealedAll(found)}, nil
}

// RevealPerson shows a person's data for a purpose.
func (a *API) RevealPerson(ctx context.Context, q RevealPersonRequestObject) (RevealPersonResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	b := q.Body
	ask := consent.Reveal{
		Person: consent.PersonID(q.Person), Mandate: consent.MandateID(b.Mandate), Purpose: charter.Purpose(b.Purpose),
		Want: a.power(b.Service, b.Procedure, b.Mode),
	}
	for _, f := range b.Fields {
		ask.Fields = append(ask.Fields, charter.Field(f))
	}
	data, err := a.register().RevealPerson(ctx, actor, ask)
	if err != nil {
		return nil, err
	}
	return RevealPerson200JSONResponse(revealed(data)), nil
}

// revealed and identity are the one place where a person's data becomes an answer.
func revealed(r *consent.Revealed) Revealed {
	v := Revealed{Person: PersonId(r.Person), Entry: r.Entry, At: r.At}
	if r.Identity != nil {
		v.Identity = identity(r.Identity)
	}
	if c := r.Contact; c != nil {
		v.Contact = Contact{
			Phone: c.Phone.Reveal(), Email: c.Email.Reveal(), Address: c.Address.Reveal(), Language: c.Language,
		}
	}
	return v
}

func identity(id *personal.Identity) Identity {
	return Identity{
		GivenNames: id.GivenNames.Reveal(), BirthName: id.BirthName.Reveal(), UsedName: id.UsedName.Reveal(),
		Birth: id.Birth.Reveal(),
	}
}

// ForgetPerson forgets a person at their request.
func (a *API) ForgetPerson(ctx context.Context, q ForgetPersonRequestObject) (ForgetPersonResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	f, err := a.register().ForgetPerson(ctx, actor, consent.PersonID(q.Person))
	if err != nil {
		return nil, err
	}
	return ForgetPerson200JSONResponse{At: f.At, Until: f.Until}, nil
}

// IssueCard makes a card. The code is shown here and never again.
func (a *API) IssueCard(ctx context.Context, q IssueCardRequestObject) (IssueCardResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	var want consent.CardWish
	if q.Body != nil {
		want = consent.CardWish{Kind: consent.CardKind(q.Body.Kind), Alone: consent.Alone(q.Body.Alone)}
	}
	code, err := a.register().IssueCard(ctx, actor, consent.PersonID(q.Person), want)
	if err != nil {
		return nil, err
	}
	return IssueCard201JSONResponse{Code: code.Shown(), Page: a.d.PublicURL + "/carte"}, nil
}

// KillCard makes a lost card useless.
func (a *API) KillCard(ctx context.Context, q KillCardRequestObject) (KillCardResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.register().KillCard(ctx, actor, consent.PersonID(q.Person)); err != nil {
		return nil, err
	}
	return KillCard204Response{}, nil
}

// PersonMandates lists a person's mandates.
func (a *API) PersonMandates(ctx context.Context, q PersonMandatesRequestObject) (PersonMandatesResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	list, _, err := a.register().Mandates(ctx, actor, consent.PersonID(q.Person), consent.Page{Limit: maxPage})
	if err != nil {
		return nil, err
	}
	return PersonMandates200JSONResponse(a.mandates(list, "")), nil
}

// PersonActs lists what was done for a person.
func (a *API) PersonActs(ctx context.Context, q PersonActsRequestObject) (PersonActsResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	list, err := a.register().Acts(ctx, actor, consent.PersonID(q.Person), charter.Purpose(q.Params.Purpose))
	if err != nil {
		return nil, err
	}
	answer := PersonActs200JSONResponse{Acts: []Act{}}
	for _, act := range list {
		answer.Acts = append(answer.Acts, actView(act))
	}
	return answer, nil
}
