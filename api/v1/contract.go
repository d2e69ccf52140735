package v1

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/labstack/echo/v4"

	"aval/api/door"
)

// Base is where the routes are mounted.
const Base = "/api/v1"

// A contract holds requests against openapi.yaml.
type contract struct {
	routes map[string]*routers.Route // method and route template of echo
}

var pathParameter = regexp.MustCompile(`\{([a-z]+)\}`)

func newContract(spec *openapi3.T) *contract {
	c := &contract{routes: map[string]*routers.Route{}}
	for path, item := range spec.Paths.Map() {
		template := Base + pathParameter.ReplaceAllString(path, ":$1")
		for method, operation := range item.Operations() {
			c.routes[method+" "+template] = &routers.Route{
				Spec: spec, Path: path, PathItem: item, Method: method, Operation: operation,
			}
		}
	}
	return c
}

// check is the middleware that refuses what the contract does not allow.
func (c *contract) check(next echo.HandlerFunc) echo.HandlerFunc {
	return func(e echo.Context) error {
		r := e.Request()
		route := c.routes[r.Method+" "+e.Path()]
		if route == nil {
			return next(e) // the router's 404 or 405
		}
		if fault := parameters(route, r); fault != nil {
			return fault
		}
		body, err := readBody(route, r)
		if err != nil {
			return err
		}
		input := &openapi3filter.RequestValidationInput{
			Request: r, PathParams: map[string]string{}, Route: route, Options: filterOptions,
		}
		for i, name := range e.ParamNames() {
			input.PathParams[name] = e.ParamValues()[i]
		}
		if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
			return faultOf(err)
		}
		if err := once(route, r, body); err != nil {
			return err
		}
		return next(e)
	}
}

var filterOptions = &openapi3filter.Options{
	// Who asks is found by the handlers; without this every secured route is refused.
	AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
	// Defaults written into a request would change what an idempotency key stands for.
	SkipSettingDefaults: true,
	// The handler gets the value that was validated, not a second reading of it.
	KeepValidatedValue: true,
}

// parameters refuses query parameters that the contract does not name, and
// doubled ones.
func parameters(route *routers.Route, r *http.Request) *door.Fault {
	query := r.URL.Query()
	if r.URL.RawQuery != "" && len(query) == 0 {
		return &door.Fault{Status: 400, Reason: "parameter"}
	}
	for name, values := range query {
		if route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			return &door.Fault{Status: 400, Reason: "parameter_unknown"}
		}
		if len(values) > 1 {
			return &door.Fault{Status: 400, Reason: "parameter"}
		}
	}
	return nil
}

// readBody reads the body once, whole, and leaves it to be read again. Package
// api bounds every body.
func readBody(route *routers.Route, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if _, over := errors.AsType[*http.MaxBytesError](err); over {
		return nil, err
	}
	if err != nil {
		return nil, &door.Fault{Status: 400, Reason: "body_form"}
	}
	wanted := route.Operation.RequestBody
	switch {
	case wanted == nil && len(body) > 0 && string(bytes.TrimSpace(body)) != "{}":
		return nil, &door.Fault{Status: 400, Reason: "body_unwanted"}
	case wanted == nil:
		body = nil // an empty object, which many clients always send, says nothing
	case len(body) == 0 && wanted.Value.Required:
		return nil, &door.Fault{Status: 400, Reason: "body_missing"}
	case len(body) > 0:
		if !isJSON(r.Header) {
			return nil, &door.Fault{Status: 415, Reason: "content_type"}
		}
		if fault := oneValue(body); fault != nil {
			return nil, fault
		}
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return body, nil
}

// isJSON accepts application/json, in UTF-8 (RFC 8259 §8.1).
func isJSON(h http.Header) bool {
	if len(h.Values("Content-Type")) != 1 || h.Get("Content-Encoding") != "" {
		return false
	}
	media, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return false
	}
	charset, named := params["charset"]
	return !named || strings.EqualFold(charset, "utf-8")
}

// once hands the idempotency key on, where the contract has one.
func once(route *routers.Route, r *http.Request, body []byte) error {
	if route.Operation.Parameters.GetByInAndName(openapi3.ParameterInHeader, idempotencyKey) == nil {
		return nil
	}
	return door.VisitOf(r.Context()).Once(r.Header.Get(idempotencyKey), r.Method+" "+r.URL.Path, body)
}

const idempotencyKey = "Idempotency-Key"

// faultOf takes from a validation error what holds no value that was sent: where
// and which keyword of the schema. Its text repeats values.
func faultOf(err error) *door.Fault {
	if broken, ok := errors.AsType[*openapi3.SchemaError](err); ok {
		if inBody(err) {
			return memberFault(broken)
		}
		return &door.Fault{Status: 400, Reason: "parameter"}
	}
	if inBody(err) {
		return &door.Fault{Status: 400, Reason: "body_form"}
	}
	return &door.Fault{Status: 400, Reason: "parameter"}
}

func inBody(err error) bool {
	request, ok := errors.AsType[*openapi3filter.RequestError](err)
	return ok && request.RequestBody != nil
}

func memberFault(e *openapi3.SchemaError) *door.Fault {
	fault := keywordFault(e.SchemaField)
	fault.Status = http.StatusBadRequest
	for _, step := range e.JSONPointer() {
		fault.Pointer += "/" + step
	}
	return &fault
}

// keywordFault is what the reader is told when a keyword of a schema is not met.
// An unknown member's pointer is that of the object it is in: its name is the
// sender's.
func keywordFault(keyword string) door.Fault {
	switch keyword {
	case "required":
		return door.Fault{Reason: "member_missing"}
	case "properties", "additionalProperties":
		return door.Fault{Reason: "member_unknown"}
	case "enum":
		return door.Fault{Reason: "member_value"}
	case "minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum":
		return door.Fault{Reason: "member_length"}
	}
	return door.Fault{Reason: "member_form"}
}
