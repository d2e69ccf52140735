package charter

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// The sheets of the official way back into a service, as they are shipped. They
// are no part of the charter: a telephone number changes when it likes, and a
// structure corrects its own copy (consent.SaveRecovery).
//
//go:embed data/recovery.json
var recoverySheets []byte

// A RecoverySheet is the official way back into one service, for who helps. What stands
// in ToCheck was not found in a source, and no person has checked any of it: say
// so beside it.
type RecoverySheet struct {
	Service ServiceCode `json:"service"`
	// Label and Way are of a provider that is no service of the charter; nil
	// for a service, which has its own.
	Label *Text `json:"label,omitempty"`
	Way   *Text `json:"way,omitempty"`
	// Page is the name of the official page, Phone a public number, Bring what
	// to have at hand, Delay how long it takes. Empty when not known.
	Page  Text   `json:"page"`
	Phone string `json:"phone"`
	Bring Text   `json:"bring"`
	Delay Text   `json:"delay"`
	// Via are the sheets that lead on: FranceConnect has no password of its
	// own, its providers have.
	Via     []ServiceCode `json:"via,omitempty"`
	ToCheck []SheetField  `json:"to_check"`
	// FoundOn is the day (YYYY-MM-DD) it was found in a source, nil if it was not.
	FoundOn *string `json:"found_on"`
}

// A SheetField is a part of a sheet.
type SheetField string

// The parts of a sheet.
const (
	SheetPage  SheetField = "page"
	SheetPhone SheetField = "phone"
	SheetBring SheetField = "bring"
	SheetDelay SheetField = "delay"
)

// RecoverySheets gives the sheet of every service of the charter, then those of identity
// providers that are no service of it. A service without a sheet of its own has
// the charter's words and everything else to be checked.
func (c *Charter) RecoverySheets() ([]RecoverySheet, error) {
	shipped, err := parseSheets(recoverySheets)
	if err != nil {
		return nil, err
	}
	var list []RecoverySheet
	for _, s := range c.doc.Services {
		i := slices.IndexFunc(shipped, func(x RecoverySheet) bool { return x.Service == s.Code })
		sheet := RecoverySheet{Service: s.Code, ToCheck: []SheetField{SheetPage, SheetPhone, SheetBring, SheetDelay}}
		if i >= 0 {
			sheet = shipped[i]
		}
		sheet.Label, sheet.Way, sheet.FoundOn = &s.Label, &s.Recovery.Text, s.Recovery.CheckedOn
		list = append(list, sheet)
	}
	for _, x := range shipped {
		if _, known := c.Service(x.Service); !known {
			list = append(list, x)
		}
	}
	return list, nil
}

var errSheets = errors.New("charter: recovery sheets refused")

// parseSheets reads the file strictly: known members only, every sheet once, and
// every sheet that another leads to is there.
func parseSheets(raw []byte) ([]RecoverySheet, error) {
	var list []RecoverySheet
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&list); err != nil {
		return nil, fmt.Errorf("%w: near byte %d", errSheets, dec.InputOffset())
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows", errSheets)
	}
	seen := map[ServiceCode]bool{}
	for _, s := range list {
		if s.Service == "" || seen[s.Service] {
			return nil, fmt.Errorf("%w: a service is empty or twice", errSheets)
		}
		seen[s.Service] = true
	}
	for _, s := range list {
		for _, v := range s.Via {
			if !seen[v] {
				return nil, fmt.Errorf("%w: %s leads nowhere", errSheets, s.Service)
			}
		}
	}
	return list, nil
}
