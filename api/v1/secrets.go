package v1

import (
	"context"

	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
)

// Passwords that are refused, lost or shown. Those of a notebook: notebooks.go.

// ContestText says of a refused text that it is no credential.
func (a *API) ContestText(ctx context.Context, q ContestTextRequestObject) (ContestTextResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	letIn, err := a.register().ContestText(ctx, actor, screen.Contest{
		Field: q.Body.Field, Kind: screen.Kind(q.Body.Kind), Rule: screen.Rule(q.Body.Rule),
	})
	if err != nil {
		return nil, err
	}
	return ContestText200JSONResponse{LetIn: letIn}, nil
}

// SetContest says whether contested texts are let in.
func (a *API) SetContest(ctx context.Context, q SetContestRequestObject) (SetContestResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.register().SetContest(ctx, actor, q.Body.LetsIn); err != nil {
		return nil, err
	}
	return SetContest204Response{}, nil
}

// monthOf is the month asked for, this one when none is.
func (a *API) monthOf(ctx context.Context, actor consent.Actor, asked string) (string, error) {
	if asked != "" {
		return asked, nil
	}
	return a.thisMonth(ctx, actor)
}

// Refusals counts the refused texts of a month.
func (a *API) Refusals(ctx context.Context, q RefusalsRequestObject) (RefusalsResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	month, err := a.monthOf(ctx, actor, q.Params.Month)
	if err != nil {
		return nil, err
	}
	list, err := a.register().Refusals(ctx, actor, month)
	if err != nil {
		return nil, err
	}
	sum := consent.SumRefusals(list)
	answer := Refusals200JSONResponse{
		Month: month, Refused: sum.Refused, Contestable: sum.Contestable, Contested: sum.Contested, Rate: sum.Rate,
		By: []RefusalCount{},
	}
	for _, c := range list {
		answer.By = append(answer.By, RefusalCount{
			Kind: SecretKind(c.Kind), Rule: ScreenRule(c.Rule), Refused: c.Refused, Contested: c.Contested,
		})
	}
	return answer, nil
}

// ShownCredentials counts the credentials that were shown in a month.
func (a *API) ShownCredentials(ctx context.Context, q ShownCredentialsRequestObject) (ShownCredentialsResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	month, err := a.monthOf(ctx, actor, q.Params.Month)
	if err != nil {
		return nil, err
	}
	list, err := a.register().ShownCounts(ctx, actor, month)
	if err != nil {
		return nil, err
	}
	answer := ShownCredentials200JSONResponse{Month: month, By: []ShownCount{}}
	for _, c := range list {
		answer.Total += c.N
		answer.By = append(answer.By, ShownCount{Service: Code(c.Service), Count: c.N})
	}
	return answer, nil
}

// ReportShown notes that a credential was shown, without its value.
func (a *API) ReportShown(ctx context.Context, q ReportShownRequestObject) (ReportShownResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	err = a.register().ReportShown(ctx, actor, consent.Shown{
		Person: consent.PersonID(q.Body.Person), Service: charter.ServiceCode(q.Body.Service), Day: q.Body.Day,
	})
	if err != nil {
		return nil, err
	}
	return ReportShown204Response{}, nil
}

// RecoverySheets lists the official ways back.
func (a *API) RecoverySheets(ctx context.Context, _ RecoverySheetsRequestObject) (RecoverySheetsResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	list, err := a.register().RecoverySheets(ctx, actor)
	if err != nil {
		return nil, err
	}
	answer := RecoverySheets200JSONResponse{Sheets: []RecoverySheet{}}
	for _, s := range list {
		answer.Sheets = append(answer.Sheets, recoverySheet(s))
	}
	return answer, nil
}

func recoverySheet(s consent.Recovery) RecoverySheet {
	v := RecoverySheet{
		Service: Code(s.Service), Label: inWords(*s.Label), Way: inWords(*s.Way), Page: inWords(s.Page), Phone: s.Phone,
		Bring: inWords(s.Bring), Delay: inWords(s.Delay), Via: []Code{}, Own: s.Own, Checked: s.Checked, Stale: s.Stale,
		ToCheck: []RecoverySheetToCheck{},
	}
	if s.FoundOn != nil {
		v.FoundOn = *s.FoundOn
	}
	for _, via := range s.Via {
		v.Via = append(v.Via, Code(via))
	}
	for _, field := range s.ToCheck {
		v.ToCheck = append(v.ToCheck, RecoverySheetToCheck(field))
	}
	return v
}

func inWords(t charter.Text) Words { return Words{Fr: t.FR, En: t.EN} }

// The longest texts of a sheet, in characters.
const (
	maxWay   = 400
	maxSite  = 120
	maxBring = 300
	maxDelay = 200
)

// SaveRecovery writes the structure's own sheet of a service.
func (a *API) SaveRecovery(ctx context.Context, q SaveRecoveryRequestObject) (SaveRecoveryResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	b := q.Body
	clean, err := a.d.Screen(ctx, actor,
		b.Way.Field("way", screen.Note, maxWay),
		b.Page.Field("page", screen.Place, maxSite),
		b.Phone.Field("phone", screen.Phone, maxPhone),
		b.Bring.Field("bring", screen.Note, maxBring),
		b.Delay.Field("delay", screen.Note, maxDelay),
	)
	if err != nil {
		return nil, err
	}
	err = a.register().SaveRecovery(ctx, actor, consent.NewRecovery{
		Service: charter.ServiceCode(b.Service), Way: clean[0], Page: clean[1], Phone: clean[2], Bring: clean[3], Delay: clean[4],
		Checked: b.Checked,
	})
	if err != nil {
		return nil, err
	}
	return SaveRecovery204Response{}, nil
}
