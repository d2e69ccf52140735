package charter

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

var codeForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_]{0,47}$`)

// neverLowered are the rules that no structure may lower, whatever the file says.
var neverLowered = []RuleID{"C02", "C03", "C04", "C06", "C07", "C08", "C12", "C14", "C15", "C18", "C19"}

// Validate checks the document's cross references, labels and numbers, and
// returns all faults at once. Parse has done it for every Charter there is.
func (c *Charter) Validate() error {
	v := &faults{}
	c.validateHead(v)
	c.validateRules(v)
	c.validateMatrix(v)
	c.validateWords(v)
	c.validatePurposes(v)
	c.validateEvidence(v)
	c.validateLimits(v)
	c.validateCatalogue(v)
	return errors.Join(v.list...)
}

type faults struct{ list []error }

func (v *faults) must(ok bool, format string, args ...any) {
	if !ok {
		v.list = append(v.list, fmt.Errorf(format, args...))
	}
}

// codes checks that codes are well formed and given once.
func codes[T any, K ~string](v *faults, what string, list []T, key func(T) K) {
	seen := map[K]bool{}
	v.must(len(list) > 0, "%s: none", what)
	for i, x := range list {
		k := key(x)
		v.must(codeForm.MatchString(string(k)), "%s %d: code", what, i)
		v.must(!seen[k], "%s %d: code given twice", what, i)
		seen[k] = true
	}
}

func (c *Charter) validateHead(v *faults) {
	d := &c.doc
	_, ok := parseVersion(d.Version)
	v.must(ok, "version: not major.minor.patch")
	v.must(d.ID != "", "id: empty")
	_, err := time.Parse(time.DateOnly, d.Date)
	v.must(err == nil, "date: not YYYY-MM-DD")
	v.must(slices.Equal(d.Lang, []string{"fr", "en"}), "lang: not fr, en")
}

func (c *Charter) validateRules(v *faults) {
	limits := c.limitNames()
	cited := map[string]bool{}
	for _, r := range c.doc.References {
		v.must(r.Code != "" && r.Title != "" && !cited[r.Code], "reference %s: empty or twice", r.Code)
		cited[r.Code] = true
	}
	v.must(len(c.doc.Rules) == 30, "rules: not 30")
	for i, r := range c.doc.Rules {
		v.must(string(r.ID) == fmt.Sprintf("C%02d", i+1), "rule %d: id out of order", i)
		v.must(r.Text.FR != "" && r.Text.EN != "" && r.Text.EasyRead != "", "rule %s: text missing", r.ID)
		v.must(r.Check != "" && len(r.Sources) > 0 && len(r.Class) > 0, "rule %s: check, sources or class missing", r.ID)
		for _, s := range r.Sources {
			work, _, _ := strings.Cut(s, " ")
			v.must(cited[work], "rule %s: source without a reference", r.ID)
		}
		for _, k := range r.Class {
			v.must(k == Enforced || k == Evidenced || k == Declared, "rule %s: class", r.ID)
		}
		for _, p := range r.Params {
			v.must(limits[p], "rule %s: parameter that is no limit", r.ID)
		}
		for _, k := range r.KeptBy {
			v.must(slices.Contains([]string{"check", "screen", "log", "spaces", "page"}, k), "rule %s: kept by", r.ID)
		}
		known := slices.Contains([]Overridable{NotOverridable, StricterOverridable, FullyOverridable}, r.Overridable)
		v.must(known, "rule %s: overridable", r.ID)
		v.must(!slices.Contains(neverLowered, r.ID) || r.Overridable == NotOverridable, "rule %s: may be lowered", r.ID)
		v.must(slices.Contains([]Kept{EnforcedNow, NotYet, DeclaredOnly}, r.Kept), "rule %s: kept", r.ID)
		v.must(r.Kept != EnforcedNow || len(r.KeptBy) > 0, "rule %s: kept by nothing", r.ID)
		v.must(c.kept(r), "rule %s: kept by check, without a row", r.ID)
	}
}

// kept tells whether a rule that Check is said to keep has a row in the table.
func (c *Charter) kept(r Rule) bool {
	if !slices.Contains(r.KeptBy, "check") {
		return true
	}
	return slices.ContainsFunc(table, func(x row) bool { return x.rule == r.ID })
}

func (c *Charter) validateMatrix(v *faults) {
	d := &c.doc
	codes(v, "role", d.Roles, func(x RoleInfo) Role { return x.Code })
	codes(v, "mission", d.Missions, func(x MissionInfo) Mission { return x.Code })
	codes(v, "mode", d.Modes, func(x ModeInfo) Mode { return x.Code })
	helpers := len(c.HelperRoles())
	for i, r := range d.Roles {
		v.must(r.Label.complete(), "role %s: label", r.Code)
		known := r.Kind == KindHelper || r.Kind == KindOffice || r.Kind == KindParty
		v.must(known && (r.Kind == KindHelper) == (i < helpers), "role %s: kind, helpers come first", r.Code)
		c.validateMay(v, r)
		v.must(r.MaxDays >= 0 && r.MaxDays <= d.Limits.MaxDays, "role %s: max_days", r.Code)
	}
	cells := []Cell{CellExclusive, CellLead, CellOwn, CellIfOpened, CellIfOpenedPresent, CellNo, CellPerson}
	for _, m := range d.Missions {
		v.must(m.Label.complete() && m.Source != "", "mission %s: label or source", m.Code)
		v.must(len(m.Cells) == helpers, "mission %s: not a cell for each role", m.Code)
		for _, cell := range m.Cells {
			v.must(slices.Contains(cells, cell), "mission %s: cell", m.Code)
		}
	}
	for _, m := range d.Modes {
		v.must(m.Label.complete(), "mode %s: label", m.Code)
		v.must(c.missions[m.Mission] != nil, "mode %s: mission", m.Code)
		v.must(slices.Contains([]string{"none", "optional", "required"}, m.Mandate), "mode %s: mandate", m.Code)
	}
	for _, m := range []Mode{Train, DoWith, DoForPresent, DoForAbsent} {
		v.must(c.modes[m] != nil, "mode %s: missing", m)
	}
	for _, m := range []Mission{MissionDeclaration, MissionPersonalAct, MissionPayment, MissionAccountCreation, MissionAccessRecovery} {
		v.must(c.missions[m] != nil, "mission %s: missing", m)
	}
}

// validateMay checks what a role may ask for. Whoever is of a structure may stop a
// mandate when the person asks (C07), and everybody may accept the charter.
func (c *Charter) validateMay(v *faults, r RoleInfo) {
	for _, list := range [][]Operation{r.May, r.MayHosted, r.MayGlass} {
		for i, op := range list {
			v.must(slices.Contains(allOps, op) && !slices.Contains(list[:i], op), "role %s: may", r.Code)
		}
		if r.Kind != KindParty && len(list) > 0 {
			v.must(slices.Contains(list, OpRevoke) && slices.Contains(list, OpAdhere), "role %s: may not stop, or not adhere", r.Code)
		}
	}
	v.must(r.MayHosted == nil || r.Kind == KindHelper, "role %s: hosted", r.Code)
	v.must(r.MayGlass == nil || r.Pseudonyms, "role %s: a glass that hides nothing", r.Code)
}

func (c *Charter) validateWords(v *faults) {
	for kind, list := range c.wordLists() {
		if list == nil && slices.Contains(addedWords, kind) {
			continue
		}
		codes(v, kind, list, func(w Word) string { return w.Code })
		for _, w := range list {
			v.must(w.Label.complete(), "%s %s: label", kind, w.Code)
		}
	}
	codes(v, "capacity", c.doc.Capacities, func(x CapacityInfo) Capacity { return x.Code })
	paths := []Path{PathSign, PathReferent, PathAsk, PathCurator, PathRepresentative, PathRefused}
	for _, x := range c.doc.Capacities {
		v.must(x.Label.complete() && x.Source != "", "capacity %s: label or source", x.Code)
		v.must(slices.Contains([]string{"yes", "no", "unknown"}, x.Answer), "capacity %s: answer", x.Code)
		v.must(slices.Contains(paths, x.Path), "capacity %s: path", x.Code)
	}
	for _, e := range c.doc.Ends {
		_, told := endReasons[End(e.Code)]
		v.must(told || End(e.Code) == EndRevoked, "end %s: no reason tells it", e.Code)
	}
}

func (c *Charter) validatePurposes(v *faults) {
	codes(v, "purpose", c.doc.Purposes, func(x PurposeInfo) Purpose { return x.Code })
	who := []string{"helper", "referent", "dpo", "auditor", string(ByPerson), string(ByRepresentative), string(ByOperator), string(BySystem)}
	for _, p := range c.doc.Purposes {
		v.must(p.Label.complete() && len(p.Who) > 0, "purpose %s: label or who", p.Code)
		for _, w := range p.Who {
			v.must(slices.Contains(who, w), "purpose %s: who", p.Code)
		}
		v.must(slices.Contains([]Needs{NeedsInForce, NeedsOpen, NeedsOpenOrOffice, NeedsToStop, NeedsNothing}, p.Needs), "purpose %s: needs", p.Code)
		v.must(p.Needs != NeedsNothing || !slices.Contains(p.Who, "helper"), "purpose %s: a helper without a mandate", p.Code)
		for _, f := range p.Fields {
			v.must(c.Known(WordFields, string(f)), "purpose %s: field", p.Code)
		}
	}
}

func (c *Charter) validateEvidence(v *faults) {
	d := &c.doc
	codes(v, "evidence type", d.EvidenceTypes, func(x EvidenceInfo) EvidenceType { return x.Type })
	for _, e := range d.EvidenceTypes {
		v.must(e.Label.complete(), "evidence %s: label", e.Type)
		v.must(e.MinWitnesses >= 0 && e.AbsentWitnesses >= 0, "evidence %s: witnesses", e.Type)
	}
	v.must(len(d.Levels) == 5, "levels: not E0 to E4")
	for i, l := range d.Levels {
		v.must(l.Level == Level(i) && l.Label.complete(), "level %d: order or label", i)
		v.must(l.MaxDays >= 0 && l.MaxDays <= d.Limits.MaxDays && (i > 0) == (l.MaxDays > 0), "level %d: max_days", i)
	}
	parts := []SignerRole{SignerPerson, SignerHelper, SignerStructure, SignerRepresentative, SignerCurator}
	for _, kind := range []MandataryKind{MandataryStructure, MandataryNatural} {
		for _, path := range []Path{PathSign, PathRepresentative, PathCurator} {
			n := 0
			for _, s := range d.Signers {
				if s.Mandatary != kind || s.Path != path {
					continue
				}
				n++
				v.must(slices.Contains(s.Signers, SignerHelper) && slices.Contains(s.Signers, SignerStructure), "signers %s %s: helper or structure", kind, path)
				for _, r := range s.Signers {
					v.must(slices.Contains(parts, r), "signers %s %s: part", kind, path)
				}
			}
			v.must(n == 1, "signers %s %s: not once", kind, path)
		}
	}
}

func (c *Charter) validateCatalogue(v *faults) {
	d := &c.doc
	codes(v, "category", d.Categories, func(x Category) CategoryCode { return x.Code })
	codes(v, "service", d.Services, func(x Service) ServiceCode { return x.Code })
	for _, x := range d.Categories {
		v.must(x.Label.complete(), "category %s: label", x.Code)
		v.must(x.MaxDays >= 1 && x.MaxDays <= d.Limits.MaxDays, "category %s: max_days", x.Code)
		v.must(x.MinLevel >= E1, "category %s: min_level", x.Code)
	}
	for _, s := range d.Services {
		v.must(s.Label.complete() && s.Recovery.Text.complete(), "service %s: label or recovery", s.Code)
		v.must(s.Recovery.Note == nil || s.Recovery.Note.complete(), "service %s: note", s.Code)
		if s.Recovery.CheckedOn != nil {
			_, err := time.Parse(time.DateOnly, *s.Recovery.CheckedOn)
			v.must(err == nil, "service %s: checked_on", s.Code)
		}
		codes(v, "procedure of "+string(s.Code), s.Procedures, func(x Procedure) ProcedureCode { return x.Code })
		for _, p := range s.Procedures {
			v.must(p.Label.complete(), "procedure %s/%s: label", s.Code, p.Code)
			v.must(c.categories[p.Category] != nil, "procedure %s/%s: category", s.Code, p.Code)
			v.must(c.missions[p.Mission] != nil, "procedure %s/%s: mission", s.Code, p.Code)
			v.must(slices.Contains([]string{"", "month", "quarter", "year"}, p.Every), "procedure %s/%s: every", s.Code, p.Code)
		}
	}
}
