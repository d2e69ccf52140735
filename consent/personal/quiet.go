package personal

import (
	"fmt"
	"io"
	"log/slog"
)

// personalData, embedded, makes a type say "[personal]" to every way of
// printing: fmt with any verb, encoding/json, anything that asks for text, slog.
//
// A type that embeds it keeps its text behind a pointer besides: fmt calls no
// method on an unexported field of somebody else's struct, and would print a
// plain string there; of a pointer it prints the address.
type personalData struct{}

// secretData is the same for codes, tokens and keys.
type secretData struct{}

const (
	saysPersonal = "[personal]"
	saysSecret   = "[secret]"
)

// String says "[personal]".
func (personalData) String() string { return saysPersonal }

// GoString says "[personal]".
func (personalData) GoString() string { return saysPersonal }

// Format says "[personal]" whatever the verb.
func (personalData) Format(f fmt.State, _ rune) { io.WriteString(f, saysPersonal) }

// MarshalJSON says "[personal]".
func (personalData) MarshalJSON() ([]byte, error) { return []byte(`"` + saysPersonal + `"`), nil }

// MarshalText says "[personal]".
func (personalData) MarshalText() ([]byte, error) { return []byte(saysPersonal), nil }

// LogValue says "[personal]".
func (personalData) LogValue() slog.Value { return slog.StringValue(saysPersonal) }

// String says "[secret]".
func (secretData) String() string { return saysSecret }

// GoString says "[secret]".
func (secretData) GoString() string { return saysSecret }

// Format says "[secret]" whatever the verb.
func (secretData) Format(f fmt.State, _ rune) { io.WriteString(f, saysSecret) }

// MarshalJSON says "[secret]".
func (secretData) MarshalJSON() ([]byte, error) { return []byte(`"` + saysSecret + `"`), nil }

// MarshalText says "[secret]".
func (secretData) MarshalText() ([]byte, error) { return []byte(saysSecret), nil }

// LogValue says "[secret]".
func (secretData) LogValue() slog.Value { return slog.StringValue(saysSecret) }
