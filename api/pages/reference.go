package pages

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"aval/api/door"
	v1 "aval/api/v1"
)

// A call is one operation of the JSON door.
type call struct{ Method, Path, Summary string }

// callsOfContract reads the operations from the contract that is served: the
// list cannot tell of another.
func callsOfContract() ([]call, error) {
	spec, err := v1.GetSpec()
	if err != nil {
		return nil, fmt.Errorf("pages: contract: %w", err)
	}
	var calls []call
	for path, item := range spec.Paths.Map() {
		for method, op := range item.Operations() {
			calls = append(calls, call{Method: method, Path: path, Summary: op.Summary})
		}
	}
	slices.SortFunc(calls, func(a, b call) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
	})
	return calls, nil
}

// A referenceView lists the operations.
type referenceView struct {
	staffView
	Base  string
	Calls []call
}

// reference is GET /api. It says nothing that the program's source does not.
func (p *Pages) reference(c echo.Context) error {
	v := door.VisitOf(c.Request().Context())
	return p.show(c, http.StatusOK, "reference", referenceView{
		staffView: staffView{sheet: p.staffSheet(c, v, "reference.title")}, Base: v1.Base, Calls: p.calls,
	})
}
