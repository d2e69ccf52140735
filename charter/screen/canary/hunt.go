package canary

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/unicode/norm"
)

// A Hunt looks for many needles at once, each in every way that a program may
// have written it down. It is safe for concurrent use.
type Hunt struct {
	mu     sync.Mutex
	needle map[uint64][]track // by the first 8 bytes
	maybe  [1 << 18]uint64    // a bit for each hash of those: most bytes end here
	n      int
}

// A track is a needle as it may be found.
type track struct{ bytes, name string }

const head = 8 // bytes of a track that are looked up

// Add adds the needles of a canary.
func (h *Hunt) Add(c Canary) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.needle == nil {
		h.needle = map[uint64][]track{}
	}
	for _, needle := range c.Needles {
		for way, written := range written(needle) {
			if len(written) < head {
				continue
			}
			key := binary.LittleEndian.Uint64([]byte(written[:head]))
			h.needle[key] = append(h.needle[key], track{written, string(c.Kind) + ", " + c.Form + ", " + way})
			bit := hash(key)
			h.maybe[bit/64] |= 1 << (bit % 64)
			h.n++
		}
	}
}

// Tracks is how many byte strings are looked for.
func (h *Hunt) Tracks() int { return h.n }

func hash(key uint64) uint64 { return key * 0x9e3779b97f4a7c15 >> (64 - 24) }

// In names what it finds in data: kinds, forms and ways of writing, each once,
// never the needle.
func (h *Hunt) In(data []byte) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []string
	for i := 0; i+head <= len(data); i++ {
		key := binary.LittleEndian.Uint64(data[i:])
		if bit := hash(key); h.maybe[bit/64]>>(bit%64)&1 == 0 {
			continue
		}
		for _, t := range h.needle[key] {
			if strings.HasPrefix(string(data[i:min(len(data), i+len(t.bytes))]), t.bytes) && !slices.Contains(found, t.name) {
				found = append(found, t.name)
			}
		}
	}
	return found
}

// written gives a text in every way that it may stand in a log, an answer, an
// address or a file.
func written(text string) map[string]string {
	quoted, _ := json.Marshal(text) // a string always can be
	ways := map[string]string{
		"as it is": text, "capitals": strings.ToUpper(text), "small letters": strings.ToLower(text),
		"composed": norm.NFC.String(text), "decomposed": norm.NFD.String(text), "compatible": norm.NFKC.String(text),
		"query": url.QueryEscape(text), "path": url.PathEscape(text), "page": html.EscapeString(text),
		"json": strings.Trim(string(quoted), `"`), "ascii": strings.Trim(strconv.QuoteToASCII(text), `"`),
		"hex": hex.EncodeToString([]byte(text)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(text))),
		"without spaces": strings.ReplaceAll(text, " ", ""),
	}
	for shift, name := range []string{"", " shifted", " shifted twice"} {
		// What precedes the text changes its base64; its neighbours are cut off.
		raw := []byte(strings.Repeat("\x00", shift) + text)
		raw = raw[:len(raw)-len(raw)%3]
		skip := (shift*8 + 5) / 6
		ways["base64"+name] = base64.StdEncoding.EncodeToString(raw)[skip:]
		ways["base64url"+name] = base64.URLEncoding.EncodeToString(raw)[skip:]
	}
	return ways
}
