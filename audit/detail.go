package audit

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A Detail is the sealed half of an entry, as it was written.
type Detail struct {
	Entry
	Space string // slug of the space
}

// maxDetail bounds a detail in bytes; the largest valid entry stays below it.
const maxDetail = 40 << 10

var errDetail = errors.New("audit: not a detail")

// appendDetail appends the one encoding of e: members in this order, absent
// ones left out. Words need no escaping.
func appendDetail(b []byte, e *Entry, slug string) []byte {
	b = appendMember(b, `{"id":"`, e.ID)
	b = appendMember(b, `,"act":"`, string(e.Act))
	b = appendMember(b, `,"by":"`, e.By)
	b = appendMember(b, `,"role":"`, e.Role)
	b = appendMember(b, `,"sp":"`, slug)
	b = appendMember(b, `,"per":"`, e.Person)
	b = appendMember(b, `,"man":"`, e.Mandate)
	b = appendMember(b, `,"pur":"`, e.Purpose)
	b = appendList(b, `,"fld":[`, e.Fields)
	b = appendList(b, `,"rule":[`, e.Rules)
	b = appendList(b, `,"on":[`, e.On)
	b = appendMember(b, `,"dg":"`, e.Digest)
	b = appendCounts(b, `,"nb":{`, e.Counts)
	b = appendMember(b, `,"out":"`, string(e.Out))
	b = appendMember(b, `,"req":"`, e.Request)
	return append(b, '}')
}

func appendMember(b []byte, name, word string) []byte {
	if word == "" {
		return b
	}
	b = append(b, name...)
	b = append(b, word...)
	return append(b, '"')
}

func appendList(b []byte, name string, words []string) []byte {
	if len(words) == 0 {
		return b
	}
	b = append(b, name...)
	for _, w := range words {
		b = append(append(append(b, '"'), w...), `",`...)
	}
	b[len(b)-1] = ']' // instead of the last comma
	return b
}

func appendCounts(b []byte, name string, counts map[string]int64) []byte {
	if len(counts) == 0 {
		return b
	}
	b = append(b, name...)
	for _, w := range slices.Sorted(maps.Keys(counts)) {
		b = append(append(append(b, '"'), w...), `":`...)
		b = append(strconv.AppendInt(b, counts[w], 10), ',')
	}
	b[len(b)-1] = '}'
	return b
}

// ParseDetail reads a detail. It takes the bytes that appendDetail writes and no
// others, except that an action unknown here is kept: later versions may add some.
func ParseDetail(b []byte) (*Detail, error) {
	if len(b) > maxDetail {
		return nil, errDetail
	}
	c := cursor{rest: string(b)} // once: words are parts of it
	d := new(Detail)
	d.ID = c.need(`{"id":"`)
	d.Act = Action(c.need(`,"act":"`))
	d.By = c.need(`,"by":"`)
	d.Role = c.member(`,"role":"`)
	d.Space = c.need(`,"sp":"`)
	d.Person = c.member(`,"per":"`)
	d.Mandate = c.member(`,"man":"`)
	d.Purpose = c.member(`,"pur":"`)
	d.Fields = c.list(`,"fld":["`)
	d.Rules = c.list(`,"rule":["`)
	d.On = c.list(`,"on":["`)
	d.Digest = c.member(`,"dg":"`)
	d.Counts = c.counts(`,"nb":{"`)
	d.Out = Outcome(c.need(`,"out":"`))
	d.Request = c.member(`,"req":"`)
	if !c.lit("}") || len(c.rest) > 0 || c.bad || d.Out != OK && d.Out != Refused {
		return nil, errDetail
	}
	return d, nil
}

// A cursor reads the plain JSON of details: fixed literals and words.
// Once something does not fit, bad stays set.
type cursor struct {
	rest string
	bad  bool
}

// lit takes s if it comes next.
func (c *cursor) lit(s string) bool {
	rest, ok := strings.CutPrefix(c.rest, s)
	c.rest = rest
	return ok
}

// word takes a word and the quote after it.
func (c *cursor) word() string {
	w, rest, ok := strings.Cut(c.rest, `"`)
	if !ok || !IsWord(w) {
		c.bad = true
		return ""
	}
	c.rest = rest
	return w
}

// number takes a whole number in its shortest form, up to a comma or brace.
func (c *cursor) number() int64 {
	end := max(strings.IndexAny(c.rest, ",}"), 0)
	n, err := strconv.ParseInt(c.rest[:end], 10, 64)
	c.bad = err != nil || strconv.FormatInt(n, 10) != c.rest[:end] || c.bad
	c.rest = c.rest[end:]
	return n
}

func (c *cursor) member(name string) string {
	if !c.lit(name) {
		return ""
	}
	return c.word()
}

func (c *cursor) need(name string) string {
	w := c.member(name)
	c.bad = c.bad || w == ""
	return w
}

func (c *cursor) list(name string) (list []string) {
	for more := c.lit(name); more && !c.bad && len(list) <= maxList; more = c.lit(`,"`) {
		list = append(list, c.word())
	}
	c.bad = c.bad || list != nil && (!c.lit("]") || !isList(list))
	return list
}

func (c *cursor) counts(name string) map[string]int64 {
	if !c.lit(name) {
		return nil
	}
	counts, last := map[string]int64{}, ""
	for more := true; more && !c.bad && len(counts) < maxList; more = c.lit(`,"`) {
		w := c.word()
		c.bad = w <= last || !c.lit(":") || c.bad
		counts[w], last = c.number(), w
	}
	c.bad = !c.lit("}") || c.bad
	return counts
}
