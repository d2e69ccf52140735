package screen

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// edgeAfter gives the edge of one note that is let in.
func edgeAfter(t *testing.T, text string) Edge {
	t.Helper()
	s, err := Beside(nil, Field{"note", text, Note, 0})
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return s.Edges[0]
}

// TestBeside holds that a secret in two saves is refused at the second.
func TestBeside(t *testing.T) {
	tests := []struct {
		stored, next string
		kind         Kind
	}{
		{"mdp caf", "tournesol", KindPassword},
		{"A noter : son mot de passe", "Tournesol", KindPassword},
		{"Soleil de juin. mdp impots :", "petitchat", KindPassword},
		{"tournesol", "mdp caf", KindPassword},
		{"abricot7", "mot de passe ameli", KindPassword},
		{"code de sa carte", "8440", KindPIN},
		{"8440", "code de sa carte bleue", KindPIN},
		{"numéro allocataire", "6748123", KindAccountID},
		{"6748123", "numéro allocataire", KindAccountID},
		{"code reçu par sms", "482 915", KindOneTime},
		{"question secrète : nom du premier chien ?", "réponse Médor", KindAnswer},
		{"cb 4111 1111", "1111 1111", KindCard},
		{"iban FR14 2004 1010", "0505 0001 3402 606", KindBank},
		{"numéro de sécu 2 69 05 49", "588 157 80", KindNIR},
		{"كلمة السر", "tournesol", KindPassword},
		{"password for the email", "teapot", KindPassword},
	}
	for _, tt := range tests {
		t.Run(tt.stored, func(t *testing.T) {
			stored := []Edge{edgeAfter(t, "Entretien de suivi."), edgeAfter(t, tt.stored), {}}
			if _, err := Form(Field{"note", tt.next, Note, 0}); err != nil {
				t.Fatalf("refused alone: %v", err)
			}
			s, err := Beside(stored, Field{"note", tt.next, Note, 0})
			var refusal *Refusal
			if !errors.As(err, &refusal) {
				t.Fatalf("accepted beside %v", stored[1])
			}
			if refusal.Kind != tt.kind || !refusal.Earlier || refusal.Field != "note" || s.Texts != nil {
				t.Errorf("%v, earlier %v, want %s", refusal, refusal.Earlier, tt.kind)
			}
			offered := refusal.Suggestions()
			if offered[len(offered)-1] != SuggestHalfRewritten {
				t.Errorf("offers %v, without rewriting the text stored before", offered)
			}
		})
	}
}

// TestBesideOrdinary holds that ordinary notes pass beside what is stored.
func TestBesideOrdinary(t *testing.T) {
	tests := []struct{ stored, next string }{
		{"A oublié son mot de passe", "Relevé de compte remis"},
		{"A oublié son mot de passe", "Viendra mardi avec sa fille"},
		{"mdp caf oublié", "Dossier 482731 envoyé"},
		{"mot de passe : demandé à la banque", "Rendez-vous le 12 mars"},
		{"numéro allocataire vérifié sur l'attestation", "RSA"},
		{"carte finissant par 4821", "1111 1111"},
		{"Rendez-vous", "mot de passe changé par elle"},
		{"RIB reçu le 12/03/2024", "06 39 98 31 34"},
	}
	for _, tt := range tests {
		if _, err := Beside([]Edge{edgeAfter(t, tt.stored)}, Field{"note", tt.next, Note, 0}); err != nil {
			t.Errorf("%q beside %q: %v", tt.next, tt.stored, err)
		}
	}
}

// TestBesideMeasured takes each labelled pair as two saves, in both orders, and
// every clean note beside the clean note before it.
func TestBesideMeasured(t *testing.T) {
	var kept, pairs, wrong, beside int
	for _, file := range []string{"secrets-dev.jsonl", "own-dev.jsonl"} {
		var before *Edge
		for _, n := range readNotes(t, file) {
			first, err := Beside(nil, Field{"a", n.Text, kindOf(n.Field), 0})
			if err != nil {
				continue
			}
			if n.Field2 != "" {
				refused := n.judge().Refused
				_, err = Beside(first.Edges, Field{"b", n.Text2, kindOf(n.Field2), 0})
				if n.secret() && refused {
					pairs++
					if err != nil {
						kept++
					} else {
						t.Logf("%s: let in in two saves: %q %q %v", n.ID, n.Text, n.Text2, first.Edges[0])
					}
				} else if !n.secret() {
					beside++
					if err != nil {
						wrong++
						t.Logf("%s: refused in two saves: %q %q", n.ID, n.Text, n.Text2)
					}
				}
				continue
			}
			if n.secret() {
				continue
			}
			if before != nil {
				beside++
				if _, err := Beside([]Edge{*before}, Field{"a", n.Text, kindOf(n.Field), 0}); err != nil {
					wrong++
					t.Logf("%s: refused beside the note before it: %q %v", n.ID, n.Text, *before)
				}
			}
			before = &first.Edges[0]
		}
	}
	t.Logf("of %d pairs refused in one form, %d are refused in two saves; of %d clean notes %d are refused beside another", pairs, kept, beside, wrong)
	if kept*100 < 75*pairs || wrong*200 > beside {
		t.Error("worse than agreed: 75 % and 0.5 %")
	}
}

// TestStandIns holds that the texts that stand for stored ones are let in by
// themselves and have the edge they stand for.
func TestStandIns(t *testing.T) {
	for _, end := range endings {
		if e := edgeAfter(t, end.ending); e.bits&end.bit == 0 {
			t.Errorf("%q has the edge %v", end.ending, e)
		}
	}
	for _, l := range lones {
		if e := edgeAfter(t, l.text); e.bits&l.bit == 0 {
			t.Errorf("%q has the edge %v", l.text, e)
		}
	}
}

// TestEdgeTellsNoValue holds that values of one shape leave one and the same edge.
func TestEdgeTellsNoValue(t *testing.T) {
	for _, same := range [][]string{
		{"tournesol", "tulipe", "abracadabrantesque"},
		{"4827", "482731", "1234567"},
		{"abricot7", "framboise3"},
		{"mdp caf", "mot de passe ameli", "le mot de passe de la boite mail"},
		{"cb 4111 1111", "cb 5555 4444 33"},
	} {
		want := edgeAfter(t, same[0])
		for _, text := range same[1:] {
			if got := edgeAfter(t, text); got != want {
				t.Errorf("%q leaves %v, %q leaves %v", text, got, same[0], want)
			}
		}
	}
}

func TestEdgeText(t *testing.T) {
	e := edgeAfter(t, "mdp caf")
	text, err := json.Marshal(struct{ Edge Edge }{e})
	if err != nil || string(text) != `{"Edge":"e1-000001"}` {
		t.Fatalf("stored as %s, %v", text, err)
	}
	for _, bad := range []string{
		"", "e1-", "e1-1", "e1-00001", "e1-000G", "E1-0001", "e1-00AB", "e2-0001", "e1-ffff", "e1-8000", " e1-000001", "e1-000001\n", "e1--001", "e1-+001", "e1-0_01",
	} {
		var got Edge
		if err := got.UnmarshalText([]byte(bad)); !errors.Is(err, ErrEdge) || got != (Edge{}) {
			t.Errorf("%q: read as %v, %v", bad, got, err)
		}
	}
}

func FuzzEdgeText(f *testing.F) {
	f.Add("e1-000001")
	f.Add("e1-03ffff")
	f.Add("e1-0000AB")
	f.Fuzz(func(t *testing.T, text string) {
		var e Edge
		if e.UnmarshalText([]byte(text)) == nil && e.String() != text {
			t.Errorf("%q is stored as %q", text, e)
		}
	})
}

// TestBesideMany holds that a record of many notes is no slower: each thing an
// edge can say is read once.
func TestBesideMany(t *testing.T) {
	few, many := []Edge{edgeAfter(t, "mdp caf")}, make([]Edge, 10_000)
	for i := range many {
		many[i] = few[0]
	}
	work := func(stored []Edge) float64 {
		return testing.AllocsPerRun(1, func() {
			if _, err := Beside(stored, Field{"note", strings.Repeat("Relevé remis. ", 10), Note, 0}); err != nil {
				t.Error(err)
			}
		})
	}
	if a, b := work(few), work(many); b > a {
		t.Errorf("%.0f allocations for one stored note, %.0f for ten thousand", a, b)
	}
}
