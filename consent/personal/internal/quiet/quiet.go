// Package quiet has the marks that keep a type from being printed.
package quiet

import (
	"fmt"
	"io"
	"log/slog"
)

// Personal makes a type that embeds it say "[personal]" to every way of
// printing: fmt with any verb, encoding/json, anything that asks for text, slog.
//
// A type that embeds it keeps its text behind a pointer besides: fmt calls no
// method on an unexported field of somebody else's struct, and would print a
// plain string there; of a pointer it prints the address.
//
// Embed it under an alias of lower case (type personalData = quiet.Personal), so
// that the field is not exported.
type Personal struct{}

// Secret is the same for codes, tokens and keys.
type Secret struct{}

const (
	saysPersonal = "[personal]"
	saysSecret   = "[secret]"
)

// String says "[personal]".
func (Personal) String() string { return saysPersonal }

// GoString says "[personal]".
func (Personal) GoString() string { return saysPersonal }

// Format says "[personal]" whatever the verb.
func (Personal) Format(f fmt.State, _ rune) { io.WriteString(f, saysPersonal) }

// MarshalJSON says "[personal]".
func (Personal) MarshalJSON() ([]byte, error) { return []byte(`"` + saysPersonal + `"`), nil }

// MarshalText says "[personal]".
func (Personal) MarshalText() ([]byte, error) { return []byte(saysPersonal), nil }

// LogValue says "[personal]".
func (Personal) LogValue() slog.Value { return slog.StringValue(saysPersonal) }

// String says "[secret]".
func (Secret) String() string { return saysSecret }

// GoString says "[secret]".
func (Secret) GoString() string { return saysSecret }

// Format says "[secret]" whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, saysSecret) }

// MarshalJSON says "[secret]".
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + saysSecret + `"`), nil }

// MarshalText says "[secret]".
func (Secret) MarshalText() ([]byte, error) { return []byte(saysSecret), nil }

// LogValue says "[secret]".
func (Secret) LogValue() slog.Value { return slog.StringValue(saysSecret) }
