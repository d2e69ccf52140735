package v1

import (
	"context"
	"encoding/json"

	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
)

// ListPrograms lists the programs of the structure.
func (a *API) ListPrograms(ctx context.Context, _ ListProgramsRequestObject) (ListProgramsResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	list, err := a.register().Programs(ctx, actor)
	if err != nil {
		return nil, err
	}
	answer := ListPrograms200JSONResponse{Programs: []ProgramView{}}
	for _, p := range list {
		answer.Programs = append(answer.Programs, programView(p, actor.SpaceSlug()))
	}
	return answer, nil
}

func programView(p consent.Program, space string) ProgramView {
	v := ProgramView{
		Id: ProgramId(p.ID), ClientId: p.Client(space), Name: p.Name.String(), Scopes: []Code{}, Keys: []string{}, Until: p.Until,
		Opened: p.Opened, OpenedBy: MemberId(p.OpenedBy), Closed: p.Closed, Seen: p.Seen,
	}
	for _, s := range p.Scopes {
		v.Scopes = append(v.Scopes, Code(s))
	}
	for _, k := range p.Keys {
		v.Keys = append(v.Keys, k.Thumbprint)
	}
	return v
}

// OpenProgram lets a program in.
func (a *API) OpenProgram(ctx context.Context, q OpenProgramRequestObject) (OpenProgramResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	clean, err := a.d.Screen(ctx, actor, q.Body.Name.Field("name", screen.Name, maxName))
	if err != nil {
		return nil, err
	}
	keys, err := json.Marshal(q.Body.Keys)
	if err != nil {
		return nil, err
	}
	n := consent.NewProgram{Name: clean[0], Keys: keys, Days: q.Body.Days}
	for _, s := range q.Body.Scopes {
		n.Scopes = append(n.Scopes, charter.Scope(s))
	}
	p, err := a.register().OpenProgram(ctx, actor, n)
	if err != nil {
		return nil, err
	}
	return OpenProgram201JSONResponse(programView(p, actor.SpaceSlug())), nil
}

// CloseProgram closes a program.
func (a *API) CloseProgram(ctx context.Context, q CloseProgramRequestObject) (CloseProgramResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.register().CloseProgram(ctx, actor, consent.ProgramID(q.Program)); err != nil {
		return nil, err
	}
	return CloseProgram204Response{}, nil
}
