package api_test

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"aval/api/door"
	v1 "aval/api/v1"
)

// What a text of a closed form has no room for: a sentence, an address, a number
// as people write it.
var sentences = []string{
	"mdp caf Soleil", "Le code est 4827", "son mot de passe : azerty", "Soleil2019!", "4970 1012 3456 7890", "jeanne@example.org", "né à Oran",
}

// Every text that the contract takes has a closed form (a list, a date, a pattern
// without room for a sentence), or is a free text: then the generated type is
// door.Typed, and there is no way from it but by the screening.
func TestFreeTextsOfTheContractAreTyped(t *testing.T) {
	spec, err := v1.GetSpec()
	ok(t, err)
	handlers := reflect.TypeFor[v1.StrictServerInterface]()
	free := map[string]bool{}
	for path, item := range spec.Paths.Map() {
		for method, o := range item.Operations() {
			where := method + " " + path
			handler, found := handlers.MethodByName(strings.ToUpper(o.OperationID[:1]) + o.OperationID[1:])
			if !found {
				t.Fatalf("%s has no handler %s", where, o.OperationID)
			}
			request := handler.Type.In(1)
			for _, p := range o.Parameters {
				textsOf(t, where+" "+p.Value.Name, p.Value.Schema, nil, free)
			}
			if o.RequestBody == nil {
				continue
			}
			body, _ := request.FieldByName("Body")
			for _, media := range o.RequestBody.Value.Content {
				textsOf(t, where, media.Schema, body.Type.Elem(), free)
			}
		}
	}
	if len(free) < 15 {
		t.Errorf("the walk found %d free texts only: %v", len(free), free)
	}
}

// textsOf walks a schema and the Go type made from it together. A parameter has no
// type: its texts stand in addresses, so none of them may be free.
func textsOf(t *testing.T, where string, s *openapi3.SchemaRef, typ reflect.Type, free map[string]bool) {
	t.Helper()
	switch v := s.Value; {
	case v.Type.Is("object"):
		for name, member := range v.Properties {
			textsOf(t, where+"/"+name, member, memberType(t, where, typ, name), free)
		}
	case v.Type.Is("array"):
		textsOf(t, where+"/0", v.Items, typ.Elem(), free)
	case v.Type.Is("string") && isClosed(v):
		if typ != nil && typ.Kind() == reflect.Struct && typ.PkgPath() != "time" {
			t.Errorf("%s has a closed form and is made a %s", where, typ)
		}
	case v.Type.Is("string"):
		free[where] = true
		if typ != reflect.TypeFor[door.Typed]() {
			t.Errorf("%s takes any text and is made a %v: give it a closed pattern, or x-go-type door.Typed", where, typ)
		}
	}
}

// memberType is the type of one member of a struct, by its name in JSON.
func memberType(t *testing.T, where string, typ reflect.Type, name string) reflect.Type {
	t.Helper()
	for i := range typ.NumField() {
		if tag, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ","); tag == name {
			return typ.Field(i).Type
		}
	}
	t.Fatalf("%s has no member %s in %s", where, name, typ)
	return nil
}

// isClosed tells whether a schema of texts has no room for what somebody types.
func isClosed(v *openapi3.Schema) bool {
	if len(v.Enum) > 0 || v.Format == "date-time" {
		return true
	}
	if !strings.HasPrefix(v.Pattern, "^") || !strings.HasSuffix(v.Pattern, "$") {
		return false
	}
	form := regexp.MustCompile(v.Pattern)
	for _, s := range sentences {
		if form.MatchString(s) {
			return false
		}
	}
	return true
}

// A typed text says nothing of itself wherever it is printed.
func TestTypedTextsPrintNothing(t *testing.T) {
	typed := door.TypedText("Soleil2019")
	body := v1.PresetRequest{Name: typed}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		if said := fmt.Sprintf(verb+verb, typed, body); strings.Contains(said, "Soleil") || strings.Contains(said, "536f6c65696c") {
			t.Errorf("%s prints %s", verb, said)
		}
	}
}
