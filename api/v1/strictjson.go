package v1

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"

	"aval/api/door"
)

// maxDepth bounds how deep a body nests; the contract needs 4.
const maxDepth = 16

var errDepth = errors.New("v1: nested too deep")

// oneValue checks what encoding/json lets pass: bytes that are not UTF-8, a
// member given twice (the last would win), a second value after the first.
func oneValue(body []byte) *door.Fault {
	if !utf8.Valid(body) {
		return &door.Fault{Status: 400, Reason: "body_form"}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	twice, err := members(d, 0)
	if err == nil {
		_, err = d.Token()
	}
	switch {
	case twice:
		return &door.Fault{Status: 400, Reason: "member_twice"}
	case !errors.Is(err, io.EOF):
		return &door.Fault{Status: 400, Reason: "body_form"}
	}
	return nil
}

// members walks one value and tells whether an object in it has a member twice.
func members(d *json.Decoder, depth int) (twice bool, err error) {
	if depth > maxDepth {
		return false, errDepth
	}
	t, err := d.Token()
	if err != nil {
		return false, err
	}
	open, ok := t.(json.Delim)
	if !ok {
		return false, nil
	}
	seen := map[string]bool{}
	for d.More() {
		if open == '{' {
			name, err := d.Token()
			if err != nil {
				return false, err
			}
			s, _ := name.(string)
			if seen[s] {
				return true, nil
			}
			seen[s] = true
		}
		if twice, err := members(d, depth+1); twice || err != nil {
			return twice, err
		}
	}
	_, err = d.Token()
	return false, err
}
