package charter

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

//go:embed data/charter-*.json
var released embed.FS

// MaxDocument bounds a charter document, in bytes.
const MaxDocument = 1 << 20

// ErrDocument is wrapped by every error of [Parse] and [Load].
var ErrDocument = errors.New("charter: document refused")

// ErrVersion is returned by [LoadVersion] for a version that was not released.
var ErrVersion = errors.New("charter: no such version")

// Charter is one version of the charter, read and cross-checked. It never
// changes and is safe for concurrent use. What its methods return is shared:
// do not write to the slices.
type Charter struct {
	doc     document
	raw     []byte
	digest  string
	version [3]int

	rules      map[RuleID]*Rule
	roles      map[Role]*RoleInfo
	missions   map[Mission]map[Role]Cell
	modes      map[Mode]*ModeInfo
	capacities map[Capacity]*CapacityInfo
	purposes   map[Purpose]*PurposeInfo
	evidence   map[EvidenceType]*EvidenceInfo
	categories map[CategoryCode]*Category
	services   map[ServiceCode]*Service
	procedures map[procedureKey]*Procedure
	words      map[string]map[string]bool
}

type procedureKey struct {
	service   ServiceCode
	procedure ProcedureCode
}

// Load reads the newest released version.
func Load() (*Charter, error) {
	v, err := Versions()
	if err != nil {
		return nil, err
	}
	return LoadVersion(v[len(v)-1])
}

// Versions lists the released versions, oldest first; there is at least one.
func Versions() ([]string, error) {
	files, err := fs.Glob(released, "data/charter-*.json")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDocument, err)
	}
	versions := make([]string, 0, len(files))
	for _, f := range files {
		v := strings.TrimSuffix(strings.TrimPrefix(f, "data/charter-"), ".json")
		if _, ok := parseVersion(v); !ok {
			return nil, fmt.Errorf("%w: file name", ErrDocument)
		}
		versions = append(versions, v)
	}
	slices.SortFunc(versions, func(a, b string) int {
		x, _ := parseVersion(a)
		y, _ := parseVersion(b)
		return slices.Compare(x[:], y[:])
	})
	if len(versions) == 0 {
		return nil, fmt.Errorf("%w: none embedded", ErrDocument)
	}
	return versions, nil
}

// LoadVersion reads a released version, "1.0.0": the one a mandate names.
func LoadVersion(version string) (*Charter, error) {
	if _, ok := parseVersion(version); !ok {
		return nil, ErrVersion
	}
	raw, err := released.ReadFile("data/charter-" + version + ".json")
	if err != nil {
		return nil, ErrVersion
	}
	c, err := Parse(raw)
	if err != nil {
		return nil, err
	}
	if c.doc.Version != version {
		return nil, fmt.Errorf("%w: version differs from the file's name", ErrDocument)
	}
	return c, nil
}

// Parse reads a charter document strictly: at most [MaxDocument] bytes, known
// members only, each once, in the order of the format, and every cross
// reference kept. White space is free: the digest is over the bytes as they are.
func Parse(raw []byte) (*Charter, error) {
	if len(raw) > MaxDocument {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrDocument, MaxDocument)
	}
	c := &Charter{raw: slices.Clone(raw)}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c.doc); err != nil {
		// The decoder's own words may hold what it read: a fault's place is enough.
		return nil, fmt.Errorf("%w: not a charter, near byte %d", ErrDocument, dec.InputOffset())
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows it", ErrDocument)
	}
	if !oneEncoding(raw, c.doc) {
		return nil, fmt.Errorf("%w: members doubled, out of order, or written another way", ErrDocument)
	}
	sum := sha256.Sum256(raw)
	c.digest = base64.RawURLEncoding.EncodeToString(sum[:])
	c.index()
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDocument, err)
	}
	return c, nil
}

// oneEncoding tells whether raw is, white space aside, what we would write:
// encoding/json takes doubled members and any letter case, we do not.
func oneEncoding(raw []byte, doc document) bool {
	var want, got bytes.Buffer
	enc := json.NewEncoder(&want)
	enc.SetEscapeHTML(false)
	if enc.Encode(doc) != nil || json.Compact(&got, raw) != nil {
		return false
	}
	return bytes.Equal(bytes.TrimSuffix(want.Bytes(), []byte("\n")), got.Bytes())
}

func parseVersion(s string) (v [3]int, ok bool) {
	parts := strings.Split(s, ".")
	if len(parts) != 3 {
		return v, false
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 || strconv.Itoa(n) != p {
			return v, false
		}
		v[i] = n
	}
	return v, true
}

func (c *Charter) index() {
	d := &c.doc
	c.version, _ = parseVersion(d.Version)
	c.rules = byKey(d.Rules, func(x *Rule) RuleID { return x.ID })
	c.roles = byKey(d.Roles, func(x *RoleInfo) Role { return x.Code })
	c.modes = byKey(d.Modes, func(x *ModeInfo) Mode { return x.Code })
	c.capacities = byKey(d.Capacities, func(x *CapacityInfo) Capacity { return x.Code })
	c.purposes = byKey(d.Purposes, func(x *PurposeInfo) Purpose { return x.Code })
	c.evidence = byKey(d.EvidenceTypes, func(x *EvidenceInfo) EvidenceType { return x.Type })
	c.categories = byKey(d.Categories, func(x *Category) CategoryCode { return x.Code })
	c.services = byKey(d.Services, func(x *Service) ServiceCode { return x.Code })
	c.procedures = map[procedureKey]*Procedure{}
	for i := range d.Services {
		s := &d.Services[i]
		for j := range s.Procedures {
			c.procedures[procedureKey{s.Code, s.Procedures[j].Code}] = &s.Procedures[j]
		}
	}
	helpers := c.HelperRoles()
	c.missions = map[Mission]map[Role]Cell{}
	for _, m := range d.Missions {
		row := map[Role]Cell{}
		for i, cell := range m.Cells {
			if i < len(helpers) {
				row[helpers[i].Code] = cell
			}
		}
		c.missions[m.Code] = row
	}
	c.words = map[string]map[string]bool{}
	for kind, list := range c.wordLists() {
		c.words[kind] = map[string]bool{}
		for _, w := range list {
			c.words[kind][w.Code] = true
		}
	}
}

// Kinds of fixed words, for Words.
const (
	WordActReasons        = "act_reasons"
	WordChannels          = "channels"
	WordCredentialEntries = "credential_entries"
	WordOutcomes          = "outcomes"
	WordValidations       = "validations"
	WordConflicts         = "conflicts"
	WordAids              = "aids"
	WordSupersessions     = "supersessions"
	WordEnds              = "ends"
	WordFields            = "fields"
	WordTies              = "ties"          // between a person and the one they name
	WordGlassReasons      = "glass_reasons" // why a glass is opened
)

// addedWords are kinds that came after version 1.0.0.
var addedWords = []string{WordTies, WordGlassReasons}

func (c *Charter) wordLists() map[string][]Word {
	d := &c.doc
	return map[string][]Word{
		WordActReasons: d.ActReasons, WordChannels: d.Channels,
		WordCredentialEntries: d.CredentialEntries, WordOutcomes: d.Outcomes,
		WordValidations: d.Validations, WordConflicts: d.Conflicts, WordAids: d.Aids,
		WordSupersessions: d.Supersessions, WordEnds: d.Ends, WordFields: d.Fields,
		WordTies: d.Ties, WordGlassReasons: d.GlassReasons,
	}
}

func byKey[K comparable, V any](list []V, key func(*V) K) map[K]*V {
	m := make(map[K]*V, len(list))
	for i := range list {
		m[key(&list[i])] = &list[i]
	}
	return m
}

// ID is the charter's name, the same in every version.
func (c *Charter) ID() string { return c.doc.ID }

// Version is "major.minor.patch"; a new major asks helpers to adhere again.
func (c *Charter) Version() string { return c.doc.Version }

// Date is the day of the version, YYYY-MM-DD.
func (c *Charter) Date() string { return c.doc.Date }

// Languages lists the languages of the texts; French binds.
func (c *Charter) Languages() []string { return c.doc.Lang }

// Digest is the SHA-256 of the document's bytes, base64url without padding: 43
// characters. It stands in every mandate.
func (c *Charter) Digest() string { return c.digest }

// Document returns the document's bytes, as released.
func (c *Charter) Document() []byte { return slices.Clone(c.raw) }

// Rules lists the rules C01 to C30.
func (c *Charter) Rules() []Rule { return c.doc.Rules }

// NotYet lists the rules that this release does not keep yet.
func (c *Charter) NotYet() []Rule {
	var out []Rule
	for _, r := range c.doc.Rules {
		if r.Kept == NotYet {
			out = append(out, r)
		}
	}
	return out
}

// References lists the works that sources cite.
func (c *Charter) References() []Reference { return c.doc.References }

// Roles lists all roles, helpers first.
func (c *Charter) Roles() []RoleInfo { return c.doc.Roles }

// HelperRoles lists the roles with a column in the matrix, in its order.
func (c *Charter) HelperRoles() []RoleInfo {
	return slices.DeleteFunc(slices.Clone(c.doc.Roles), func(r RoleInfo) bool { return r.Kind != KindHelper })
}

// MemberRoles lists the roles that a member of a structure may have.
func (c *Charter) MemberRoles() []RoleInfo {
	return slices.DeleteFunc(slices.Clone(c.doc.Roles), func(r RoleInfo) bool { return r.Kind == KindParty })
}

// Missions lists the rows of the matrix.
func (c *Charter) Missions() []MissionInfo { return c.doc.Missions }

// Modes lists the modes of help.
func (c *Charter) Modes() []ModeInfo { return c.doc.Modes }

// Capacities lists the answers about protection and age.
func (c *Charter) Capacities() []CapacityInfo { return c.doc.Capacities }

// Purposes lists the purposes of reading.
func (c *Charter) Purposes() []PurposeInfo { return c.doc.Purposes }

// Levels lists the levels of evidence, E0 first.
func (c *Charter) Levels() []LevelInfo { return c.doc.Levels }

// EvidenceTypes lists the types of evidence.
func (c *Charter) EvidenceTypes() []EvidenceInfo { return c.doc.EvidenceTypes }

// Limits returns the charter's numbers.
func (c *Charter) Limits() Limits { return c.doc.Limits }

// Retention lists how long each kind of data is kept.
func (c *Charter) Retention() []Retention { return c.doc.Retention }

// Categories lists the families of procedures.
func (c *Charter) Categories() []Category { return c.doc.Categories }

// Services lists the services with their procedures.
func (c *Charter) Services() []Service { return c.doc.Services }

// Words lists the fixed words of a kind, one of the Word constants, in the
// document's order; nil for another kind.
func (c *Charter) Words(kind string) []Word { return c.wordLists()[kind] }

// Known tells whether code is a fixed word of a kind.
func (c *Charter) Known(kind, code string) bool { return c.words[kind][code] }

// Rule finds a rule.
func (c *Charter) Rule(id RuleID) (Rule, bool) { return found(c.rules[id]) }

// Role finds a role.
func (c *Charter) Role(code Role) (RoleInfo, bool) { return found(c.roles[code]) }

// Mode finds a mode.
func (c *Charter) Mode(code Mode) (ModeInfo, bool) { return found(c.modes[code]) }

// Category finds a category.
func (c *Charter) Category(code CategoryCode) (Category, bool) { return found(c.categories[code]) }

// Service finds a service.
func (c *Charter) Service(code ServiceCode) (Service, bool) { return found(c.services[code]) }

// Procedure finds a procedure of a service; its category completes a Power.
func (c *Charter) Procedure(s ServiceCode, p ProcedureCode) (Procedure, bool) {
	return found(c.procedures[procedureKey{s, p}])
}

// Purpose finds a purpose.
func (c *Charter) Purpose(code Purpose) (PurposeInfo, bool) { return found(c.purposes[code]) }

// Capacity finds an answer about capacity.
func (c *Charter) Capacity(code Capacity) (CapacityInfo, bool) { return found(c.capacities[code]) }

// EvidenceType finds a type of evidence.
func (c *Charter) EvidenceType(t EvidenceType) (EvidenceInfo, bool) { return found(c.evidence[t]) }

// RetentionOf finds how long a kind of data is kept: "draft", "mandate", "access"…
func (c *Charter) RetentionOf(data string) (Retention, bool) {
	for _, r := range c.doc.Retention {
		if r.Data == data {
			return r, true
		}
	}
	return Retention{}, false
}

// Cell is the matrix's box for a mission and a role; "" if either is unknown or
// the role is an office.
func (c *Charter) Cell(m Mission, r Role) Cell { return c.missions[m][r] }

func found[T any](p *T) (T, bool) {
	if p == nil {
		var zero T
		return zero, false
	}
	return *p, true
}
