package main

import (
	"encoding/json"
	"fmt"
	"io"
)

// A fact is one line of a command's result: a name and a value.
type fact struct{ name, value string }

// tell writes facts as lines for people, or as one JSON object.
func tell(out io.Writer, asJSON bool, facts ...fact) error {
	if asJSON {
		object := make(map[string]string, len(facts))
		for _, f := range facts {
			object[f.name] = f.value
		}
		return json.NewEncoder(out).Encode(object)
	}
	for _, f := range facts {
		if _, err := fmt.Fprintf(out, "%s: %s\n", f.name, f.value); err != nil {
			return err
		}
	}
	return nil
}
