package v1

import (
	"context"
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"aval/api/door"
	"aval/consent"
)

// An API is the JSON door: the handlers of the contract's operations.
type API struct {
	d    *door.Door
	spec *openapi3.T
	json []byte // the contract as it is served
}

var _ StrictServerInterface = (*API)(nil)

// New reads the embedded contract.
func New(d *door.Door) (*API, error) {
	spec, err := GetSpec()
	if err != nil {
		return nil, fmt.Errorf("v1: contract: %w", err)
	}
	raw, err := GetSpecJSON()
	if err != nil {
		return nil, fmt.Errorf("v1: contract: %w", err)
	}
	return &API{d: d, spec: spec, json: raw}, nil
}

// Mount puts the routes under Base. Each request is held against the contract
// first; other routes pass. A group's own middleware would answer 404 where 405
// is due.
func (a *API) Mount(e *echo.Echo) {
	e.Use(newContract(a.spec).check)
	RegisterHandlersWithBaseURL(e, NewStrictHandler(a, nil), Base)
}

// visit is the request's visit; package api gives every request one.
func visit(ctx context.Context) *door.Visit { return door.VisitOf(ctx) }

// asks finds the member who asks.
func (a *API) asks(ctx context.Context) (consent.Actor, error) { return a.d.Actor(ctx, visit(ctx)) }

func (a *API) register() *consent.Register { return a.d.Register }
