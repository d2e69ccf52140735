package v1

import (
	"context"
	"time"

	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
)

// Find looks for what was typed or scanned into one box.
func (a *API) Find(ctx context.Context, q FindRequestObject) (FindResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	found, err := a.d.Find(ctx, visit(ctx), actor, q.Body.Text, charter.Purpose(q.Body.Purpose))
	if err != nil {
		return nil, err
	}
	answer := Find200JSONResponse{Person: PersonId(found.Person), Candidates: revealedAll(found.Candidates)}
	if found.Mandate != nil {
		answer.Mandate = a.mandate(found.Mandate)
	}
	return answer, nil
}

// Appointment tells whom the session sits with.
func (a *API) Appointment(ctx context.Context, _ AppointmentRequestObject) (AppointmentResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	sits, err := a.register().Appointment(ctx, actor)
	if err != nil {
		return nil, err
	}
	return Appointment200JSONResponse(appointment(*sits)), nil
}

func appointment(s consent.Appointment) Appointment {
	return Appointment{Person: PersonId(s.Person), Purpose: Code(s.Purpose), Until: s.Until}
}

// StartAppointment says whom the session sits with.
func (a *API) StartAppointment(ctx context.Context, q StartAppointmentRequestObject) (StartAppointmentResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	sits, err := a.register().StartAppointment(ctx, actor, consent.PersonID(q.Body.Person), charter.Purpose(q.Body.Purpose))
	if err != nil {
		return nil, err
	}
	return StartAppointment200JSONResponse(appointment(sits)), nil
}

// EndAppointment ends it.
func (a *API) EndAppointment(ctx context.Context, _ EndAppointmentRequestObject) (EndAppointmentResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.register().EndAppointment(ctx, actor); err != nil {
		return nil, err
	}
	return EndAppointment204Response{}, nil
}

// CountHelp counts help without a name.
func (a *API) CountHelp(ctx context.Context, q CountHelpRequestObject) (CountHelpResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.register().CountHelp(ctx, actor, string(q.Body.Kind)); err != nil {
		return nil, err
	}
	return CountHelp204Response{}, nil
}

// Tallies gives the counts of a month.
func (a *API) Tallies(ctx context.Context, q TalliesRequestObject) (TalliesResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	month := q.Params.Month
	if month == "" {
		if month, err = a.thisMonth(ctx, actor); err != nil {
			return nil, err
		}
	}
	counts, err := a.register().Tallies(ctx, actor, month)
	if err != nil {
		return nil, err
	}
	return Tallies200JSONResponse{
		Month: month, Train: counts[consent.TallyTrain], DoWith: counts[consent.TallyDoWith],
		NotRecorded: counts[consent.TallyNotRecorded],
	}, nil
}

// thisMonth is the month in the structure's time zone.
func (a *API) thisMonth(ctx context.Context, actor consent.Actor) (string, error) {
	_, structure, err := a.register().Self(ctx, actor)
	if err != nil {
		return "", err
	}
	tz, err := time.LoadLocation(structure.TZ)
	if err != nil {
		return "", err
	}
	return a.d.Now().In(tz).Format("2006-01"), nil
}

// Duties lists what comes back.
func (a *API) Duties(ctx context.Context, q DutiesRequestObject) (DutiesResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	page := consent.Page{After: q.Params.After, Limit: q.Params.Limit}
	if page.Limit == 0 {
		page.Limit = defaultPage
	}
	list, next, err := a.register().Duties(ctx, actor, page)
	if err != nil {
		return nil, err
	}
	answer := Duties200JSONResponse{Duties: []Duty{}, Next: next}
	for _, d := range list {
		answer.Duties = append(answer.Duties, Duty{
			Mandate: MandateId(d.Mandate), Ref: d.Ref, Person: PersonId(d.Person), Service: Code(d.Service),
			Procedure: Code(d.Procedure), Mode: Code(d.Mode), Every: DutyEvery(d.Every), LastOutcome: string(d.LastOutcome),
			LastAt: d.LastAt, Next: d.Next, Counted: d.Counted, Until: d.Until,
		})
	}
	return answer, nil
}

// Ending lists mandates that end soon.
func (a *API) Ending(ctx context.Context, q EndingRequestObject) (EndingResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	days := q.Params.Days
	if days == 0 {
		days = a.register().Charter().Limits().WarnBeforeEndDays
	}
	list, err := a.register().Ending(ctx, actor, time.Duration(days)*24*time.Hour)
	if err != nil {
		return nil, err
	}
	return Ending200JSONResponse(a.mandates(list, "")), nil
}

// WithoutHelper lists mandates that nobody named is left to carry out.
func (a *API) WithoutHelper(ctx context.Context, _ WithoutHelperRequestObject) (WithoutHelperResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	list, err := a.register().WithoutHelper(ctx, actor)
	if err != nil {
		return nil, err
	}
	return WithoutHelper200JSONResponse(a.mandates(list, "")), nil
}

// StandIns lists who takes over for whom.
func (a *API) StandIns(ctx context.Context, _ StandInsRequestObject) (StandInsResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	list, err := a.register().StandIns(ctx, actor)
	if err != nil {
		return nil, err
	}
	answer := StandIns200JSONResponse{Standins: []StandIn{}}
	for _, s := range list {
		answer.Standins = append(answer.Standins, StandIn{Away: MemberId(s.Away), By: MemberId(s.By), From: s.From, To: s.To})
	}
	return answer, nil
}

// SetStandIn says who takes over.
func (a *API) SetStandIn(ctx context.Context, q SetStandInRequestObject) (SetStandInResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	b := q.Body
	err = a.register().SetStandIn(ctx, actor, consent.StandIn{
		Away: consent.MemberID(b.Away), By: consent.MemberID(b.By), From: b.From, To: b.To,
	})
	if err != nil {
		return nil, err
	}
	return SetStandIn204Response{}, nil
}

// DropStandIn takes the note about a member away.
func (a *API) DropStandIn(ctx context.Context, q DropStandInRequestObject) (DropStandInResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.register().DropStandIn(ctx, actor, consent.MemberID(q.Helper)); err != nil {
		return nil, err
	}
	return DropStandIn204Response{}, nil
}

// SetOwnName changes the display name of whoever asks.
func (a *API) SetOwnName(ctx context.Context, q SetOwnNameRequestObject) (SetOwnNameResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	clean, err := a.d.Screen(ctx, actor, q.Body.Name.Field("name", screen.Name, maxName))
	if err != nil {
		return nil, err
	}
	if err := a.register().SetOwnName(ctx, actor, clean[0]); err != nil {
		return nil, err
	}
	return SetOwnName204Response{}, nil
}

// SetStructurePhone says the structure's telephone.
func (a *API) SetStructurePhone(ctx context.Context, q SetStructurePhoneRequestObject) (SetStructurePhoneResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	clean, err := a.d.Screen(ctx, actor, q.Body.Phone.Field("phone", screen.Phone, maxPhone))
	if err != nil {
		return nil, err
	}
	if err := a.register().SetStructurePhone(ctx, actor, clean[0]); err != nil {
		return nil, err
	}
	return SetStructurePhone204Response{}, nil
}
