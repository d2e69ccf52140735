package charter

import (
	"strings"
	"testing"
)

// matrix is the mission matrix as the charter's authors wrote it, copied by hand
// and apart from the document: X exclusive, L lead, O own mission, o only if the
// structure opens it, p the same and the person there, - no, P the person alone.
// Columns: social worker, secretary, social mediator, digital mediator,
// reception agent, home help, volunteer, relative.
const matrix = `
inform_rights        O O O O O O O O
refer                O O O O O O O -
digital_diagnosis    O o O O O o O -
digital_training     o - o L o - O O
social_assessment    X - - - - - - -
rights_strategy      L o O - O - o -
do_with              O O O O O O O O
do_for_present       O O O O O - o O
do_for_absent        O O O O O - - O
account_creation     O O O O O - o O
access_recovery      O O O O O o O O
read_messages        O O O o O - - O
upload_documents     O O O O O - o O
declaration          O O O o O - p O
personal_act         P P P P P P P P
payment              o - - - o - - o
mediate_with_service O - L - O - o -
appeal               O - o - - - o o
`

var matrixRoles = []Role{SocialWorker, Secretary, SocialMediator, DigitalMediator, ReceptionAgent, HomeHelp, Volunteer, Relative}

func matrixCells(t *testing.T) map[Mission][]string {
	t.Helper()
	cells := map[Mission][]string{}
	for line := range strings.Lines(strings.TrimSpace(matrix)) {
		words := strings.Fields(line)
		if len(words) != 9 {
			t.Fatalf("row %q has %d words", line, len(words))
		}
		cells[Mission(words[0])] = words[1:]
	}
	return cells
}

func TestMatrix(t *testing.T) {
	c := load(t)
	cells := matrixCells(t)
	if len(cells) != 18 || len(c.Missions()) != 18 {
		t.Fatalf("%d rows here, %d in the document, want 18", len(cells), len(c.Missions()))
	}
	for mission, row := range cells {
		for i, symbol := range row {
			role := matrixRoles[i]
			for _, mode := range []Mode{DoWith, DoForPresent, DoForAbsent} {
				for _, opened := range []bool{false, true} {
					want := strings.Contains("XLO", symbol) || opened && symbol == "o" ||
						opened && symbol == "p" && mode != DoForAbsent
					var open []Mission
					if opened {
						open = []Mission{mission}
					}
					if got := c.Allows(role, mission, mode, open); got != want {
						t.Errorf("%s, %s, %s, opened %v: %v, want %v", mission, role, mode, opened, got, want)
					}
				}
			}
		}
	}
}

// TestMatrixDecides: Check answers as the matrix says, for a procedure of each
// mission that has one, each role and each mode, with everything opened or nothing.
func TestMatrixDecides(t *testing.T) {
	c := load(t)
	cells := matrixCells(t)
	everything := make([]Mission, 0, len(cells))
	for m := range cells {
		everything = append(everything, m)
	}
	cell := func(m Mission, column int, opened bool, mode Mode) bool {
		s := cells[m][column]
		return strings.Contains("XLO", s) || opened && (s == "o" || s == "p" && mode != DoForAbsent)
	}
	asked := 0
	for _, s := range c.Services() {
		for _, p := range s.Procedures {
			for column, role := range matrixRoles {
				for _, mode := range []Mode{DoWith, DoForPresent, DoForAbsent} {
					for _, opened := range []bool{false, true} {
						f := base(OpCover)
						f.Member.Role, f.Mandate.Includes = role, true // a relative helps under what names them
						f.Wanted = Power{s.Code, p.Code, p.Category, mode}
						f.Mandate.Powers = []Power{f.Wanted}
						f.Mandate.Level = E4
						if opened {
							f.Opened = everything
						}
						cat, _ := c.Category(p.Category)
						want := cell(Mission(mode), column, opened, mode)
						if mode != DoWith {
							want = want && cell(p.Mission, column, opened, mode)
						}
						if mode == DoForAbsent && (cat.PresentOnly || p.NeverAbsent) {
							want = false
						}
						if got := c.Check(f); (got == nil) != want {
							t.Errorf("%s %s, %s, %s, opened %v: %+v, want allowed %v", s.Code, p.Code, role, mode, opened, got, want)
						}
						asked++
					}
				}
			}
		}
	}
	if asked < 5000 {
		t.Errorf("only %d questions", asked)
	}
}

func TestOfficesHaveNoMission(t *testing.T) {
	c := load(t)
	for _, m := range c.Missions() {
		for _, r := range []Role{Referent, DPO, "", "operator"} {
			if c.Allows(r, m.Code, DoWith, []Mission{m.Code}) {
				t.Errorf("%s may %s", r, m.Code)
			}
		}
	}
}
