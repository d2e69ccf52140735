package v1

import (
	"context"

	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
)

// Notebook lists lines.
func (a *API) Notebook(ctx context.Context, q NotebookRequestObject) (NotebookResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	ask := consent.NotebookQuery{Person: consent.PersonID(q.Params.Person), Open: q.Params.Open, After: q.Params.After, Limit: q.Params.Limit}
	if ask.Limit == 0 {
		ask.Limit = defaultPage
	}
	list, next, err := a.register().Notebook(ctx, actor, ask)
	if err != nil {
		return nil, err
	}
	answer := Notebook200JSONResponse{Lines: []NotebookLine{}, Next: next}
	for _, line := range list {
		answer.Lines = append(answer.Lines, notebookLine(line))
	}
	return answer, nil
}

func notebookLine(l consent.NotebookLine) NotebookLine {
	return NotebookLine{
		Person: PersonId(l.Person), Service: Code(l.Service), Added: l.Added, By: MemberId(l.By), Open: l.Open(),
		Ending: NotebookEnding(l.Ending), Ended: l.Ended, EndedBy: MemberId(l.EndedBy), Note: l.Note > 0, Imported: l.Imported,
	}
}

// ListInNotebook lists the services of a person.
func (a *API) ListInNotebook(ctx context.Context, q ListInNotebookRequestObject) (ListInNotebookResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	services := make([]charter.ServiceCode, len(q.Body.Services))
	for i, s := range q.Body.Services {
		services[i] = charter.ServiceCode(s)
	}
	if err := a.register().ListInNotebook(ctx, actor, consent.PersonID(q.Body.Person), services); err != nil {
		return nil, err
	}
	return ListInNotebook204Response{}, nil
}

// StepNotebook says what becomes of a line.
func (a *API) StepNotebook(ctx context.Context, q StepNotebookRequestObject) (StepNotebookResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	b := q.Body
	n := consent.NotebookStep{
		Person: consent.PersonID(b.Person), Service: charter.ServiceCode(b.Service), Ending: consent.NotebookEnding(b.Ending),
	}
	s, err := a.d.Screened(ctx, actor, b.Note.Field("note", screen.Note, consent.MaxNotebookNote))
	if err != nil {
		return nil, err
	}
	n.Note = s.Texts[0]
	line, err := a.register().StepNotebook(ctx, actor, n)
	if err != nil {
		return nil, err
	}
	answer := StepNotebook200JSONResponse{Line: notebookLine(*line), Warnings: []NotebookSteppedWarnings{}}
	for _, w := range s.Warnings {
		answer.Warnings = append(answer.Warnings, NotebookSteppedWarnings(w.Topic))
	}
	return answer, nil
}

// NotebookNote opens a note.
func (a *API) NotebookNote(ctx context.Context, q NotebookNoteRequestObject) (NotebookNoteResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	note, err := a.register().NotebookNote(ctx, actor, consent.PersonID(q.Body.Person), charter.ServiceCode(q.Body.Service), charter.Purpose(q.Body.Purpose))
	if err != nil {
		return nil, err
	}
	return NotebookNote200JSONResponse{Note: note.Reveal()}, nil
}

// NotebookProgress tells how far the structure has come.
func (a *API) NotebookProgress(ctx context.Context, _ NotebookProgressRequestObject) (NotebookProgressResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	p, err := a.register().NotebookProgress(ctx, actor)
	if err != nil {
		return nil, err
	}
	return NotebookProgress200JSONResponse(progress(p)), nil
}

func progress(p consent.Progress) NotebookProgress {
	return NotebookProgress{Open: p.Open, Recovered: p.Recovered, Delegated: p.Delegated, Closed: p.Closed, NotNeeded: p.NotNeeded}
}

// ImportNotebook lists the persons and services of a file.
func (a *API) ImportNotebook(ctx context.Context, q ImportNotebookRequestObject) (ImportNotebookResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	rep, err := a.register().ImportNotebook(ctx, actor, q.Body.Csv.File())
	if err != nil {
		return nil, err
	}
	answer := ImportNotebook200JSONResponse{Read: rep.Read, Kept: rep.Kept, Known: rep.Known, Refused: rep.Refused, Faults: []FileFault{}}
	for _, f := range rep.Faults {
		answer.Faults = append(answer.Faults, FileFault{
			Line: f.Line, Column: f.Column, Reason: string(f.Reason), Detail: a.d.Catalogue.Reason(visit(ctx).Lang, string(f.Reason)),
		})
	}
	return answer, nil
}

// Destructions lists the records of destroyed notebooks.
func (a *API) Destructions(ctx context.Context, _ DestructionsRequestObject) (DestructionsResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	list, err := a.register().Destructions(ctx, actor)
	if err != nil {
		return nil, err
	}
	answer := Destructions200JSONResponse{Destructions: []Destruction{}}
	for _, row := range list {
		answer.Destructions = append(answer.Destructions, destruction(row))
	}
	return answer, nil
}

func destruction(row consent.DestructionRow) Destruction {
	v := Destruction{
		Id: DestructionId(row.ID), By: MemberId(row.Record.By), Day: row.Record.On, Notebooks: row.Record.Notebooks,
		Files: row.Record.Files, Witness: DestructionWitness(row.Record.Witness), Lines: progress(row.Record.Lines),
		Signed: row.Record.IssuedAt, Digest: row.Digest,
	}
	for _, m := range row.Record.Methods {
		v.Methods = append(v.Methods, DestructionMethod(m))
	}
	return v
}

// RecordDestruction signs that notebooks were destroyed.
func (a *API) RecordDestruction(ctx context.Context, q RecordDestructionRequestObject) (RecordDestructionResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	b := q.Body
	n := consent.NewDestruction{Notebooks: b.Notebooks, Files: b.Files, On: b.Day, Witness: string(b.Witness)}
	for _, m := range b.Methods {
		n.Methods = append(n.Methods, consent.DestructionMethod(m))
	}
	row, err := a.register().RecordDestruction(ctx, actor, n)
	if err != nil {
		return nil, err
	}
	return RecordDestruction201JSONResponse(destruction(*row)), nil
}

// DestructionDocument gives a signed record as it was signed.
func (a *API) DestructionDocument(ctx context.Context, q DestructionDocumentRequestObject) (DestructionDocumentResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	id := consent.DestructionID(q.Params.Id)
	if id == "" {
		list, err := a.register().Destructions(ctx, actor)
		if err != nil {
			return nil, err
		}
		if len(list) == 0 {
			return nil, &consent.NotFound{Kind: "destruction"}
		}
		id = list[0].ID
	}
	row, err := a.register().Destruction(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	return exactly{"application/jose+json", row.JWS}, nil
}
