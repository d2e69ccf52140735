package consent

import (
	"encoding/json"
	"errors"
	"reflect"
)

// MessageBodies gives the type of the body of each kind of message, as the code
// that applies it reads it: a text is no object, and the complaint names the type.
func MessageBodies() map[string]reflect.Type {
	bodies := map[string]reflect.Type{}
	for kind, apply := range appliers {
		var complaint *json.UnmarshalTypeError
		if errors.As(apply(nil, json.RawMessage(`"text"`)), &complaint) {
			bodies[string(kind)] = complaint.Type
		} else {
			bodies[string(kind)] = nil
		}
	}
	return bodies
}
