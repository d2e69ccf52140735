package v1

import (
	"context"
	"encoding/json"

	"aval/charter"
)

// Charter gives the version, digest and rules in force.
func (a *API) Charter(context.Context, CharterRequestObject) (CharterResponseObject, error) {
	ch := a.register().Charter()
	answer := Charter200JSONResponse{Id: ch.ID(), Version: ch.Version(), Date: ch.Date(), Digest: ch.Digest()}
	for _, r := range ch.Rules() {
		rule := CharterRule{
			Id: RuleId(r.ID), Kept: string(r.Kept), Class: []string{},
			Text: RuleWords{Fr: r.Text.FR, En: r.Text.EN, EasyRead: r.Text.EasyRead},
		}
		for _, c := range r.Class {
			rule.Class = append(rule.Class, string(c))
		}
		answer.Rules = append(answer.Rules, rule)
	}
	return answer, nil
}

// CharterDocument gives the bytes whose digest stands in every mandate.
func (a *API) CharterDocument(context.Context, CharterDocumentRequestObject) (CharterDocumentResponseObject, error) {
	return exactly{media: "application/json", body: a.register().Charter().Document()}, nil
}

// Adhere accepts the charter.
func (a *API) Adhere(ctx context.Context, q AdhereRequestObject) (AdhereResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.register().Adhere(ctx, actor, q.Body.Version, q.Body.Digest); err != nil {
		return nil, err
	}
	return Adhere204Response{}, nil
}

// Services lists the charter's services as the charter writes them.
func (a *API) Services(context.Context, ServicesRequestObject) (ServicesResponseObject, error) {
	body, err := json.Marshal(struct {
		Services []charter.Service `json:"services"`
	}{a.register().Charter().Services()})
	if err != nil {
		return nil, err
	}
	return exactly{media: "application/json", body: append(body, '\n')}, nil
}

// Openapi gives the contract.
func (a *API) Openapi(context.Context, OpenapiRequestObject) (OpenapiResponseObject, error) {
	return exactly{media: "application/json", body: a.json}, nil
}
