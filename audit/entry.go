package audit

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"aval/store/kv"
)

// A Space is one structure's data and log. It is opaque, and given only by who
// knows the actor; the zero Space is not valid anywhere.
type Space struct {
	number kv.Space
	slug   string
}

// NewSpace returns the space with that number and slug. The slug is fixed when
// the space is opened; the import test lists who may call this. It takes any
// uint32, because use-cases keep numbers and do not import the store.
func NewSpace[N ~uint32](number N, slug string) Space { return Space{kv.Space(number), slug} }

// Number returns the number under which stores keep the space.
func (s Space) Number() kv.Space { return s.number }

// Slug returns the word that names the space in origins and details.
func (s Space) Slug() string { return s.slug }

func (s Space) check() error {
	if !IsWord(s.slug) {
		return errors.New("audit: space is not valid")
	}
	return nil
}

// An Outcome says whether what was asked was done.
type Outcome string

// The two outcomes.
const (
	OK      Outcome = "ok"
	Refused Outcome = "refused"
)

// An Entry is what the log writes down: ids and fixed words, never a name,
// never free text. A word is 1 to 96 of the characters a-z A-Z 0-9 _ . : -
// and a list has at most 64, each once. Empty members are left out.
type Entry struct {
	ID      string           // 26 characters of base32; made by the recorder when empty
	Act     Action           // what was done
	By      string           // pseudonym of who did it; "system" for jobs
	Role    string           // in which role
	Person  string           // whom it is about: one person an entry
	Mandate string           // under which mandate
	Purpose string           // purpose code (domain.md §13)
	Fields  []string         // which boxes the pass opens, once each
	Rules   []string         // rule ids that were applied
	On      []string         // ids of other things it is about
	Digest  string           // SHA-256 of the stored object, base64url; acts and mandates must have it
	Counts  map[string]int64 // numbers, for entries that stand for many events
	Out     Outcome
	Request string // id of the request
}

const (
	maxWord    = 96
	maxList    = 64
	maxEntries = 1024 // of one transaction
)

// check tells what is wrong with e without repeating any of its values.
func (e *Entry) check() error {
	class, known := e.Act.Class()
	switch {
	case !known:
		return errors.New("audit: entry has an unknown action")
	case e.By == "":
		return fmt.Errorf("audit: entry %s does not say who acted", e.Act)
	case e.Out != OK && e.Out != Refused:
		return fmt.Errorf("audit: entry %s has no outcome", e.Act)
	case e.Out == OK && e.Digest == "" && needsDigest(e.Act, class):
		return fmt.Errorf("audit: entry %s has no digest of its object", e.Act)
	}
	for _, w := range []string{e.ID, e.By, e.Role, e.Person, e.Mandate, e.Purpose, e.Digest, e.Request} {
		if w != "" && !IsWord(w) {
			return fmt.Errorf("audit: entry %s has a value that is not a word", e.Act)
		}
	}
	for _, list := range [][]string{e.Fields, e.Rules, e.On} {
		if !isList(list) {
			return fmt.Errorf("audit: entry %s has a list that is too long, repeats itself, or holds more than words", e.Act)
		}
	}
	if len(e.Counts) > maxList {
		return fmt.Errorf("audit: entry %s has too many counts", e.Act)
	}
	for w := range e.Counts {
		if !IsWord(w) {
			return fmt.Errorf("audit: entry %s has a count that is not a word", e.Act)
		}
	}
	return nil
}

// needsDigest: a mandate or act that is altered later must show.
func needsDigest(a Action, c Class) bool {
	return c == ClassAct && strings.HasPrefix(string(a), "act.") ||
		c == ClassMandate && strings.HasPrefix(string(a), "mandate.")
}

// IsWord tells whether s is what an entry calls a word. Words need no escaping in
// JSON.
func IsWord(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '.', c == ':', c == '-':
		default:
			return false
		}
	}
	return 0 < len(s) && len(s) <= maxWord
}

func isList(list []string) bool {
	if len(list) > maxList {
		return false
	}
	for i, w := range list {
		if !IsWord(w) || slices.Contains(list[:i], w) {
			return false
		}
	}
	return true
}
