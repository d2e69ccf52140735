package screen

import "testing"

func TestWarnings(t *testing.T) {
	tests := []struct {
		text  string
		topic Topic
		mark  string
	}{
		{"Visite à domicile, digicode 4B12, 3e étage", TopicDoor, "4B12"},
		{"code porte : 58A41", TopicDoor, "58A41"},
		{"code wifi de la médiathèque : mediatheque2024", TopicWiFi, "mediatheque2024"},
		{"numéro client EDF 6 012 345 678", TopicEnergy, "6 012 345 678"},
		{"PDL 14 123 456 789 012", TopicEnergy, "14 123 456 789 012"},
		{"INE 1234567890A pour l'inscription", TopicStudent, "1234567890A"},
	}
	for _, tt := range tests {
		s, err := Beside(nil, Field{"other", "bonjour", Note, 0}, Field{"memo", tt.text, Note, 0})
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		if len(s.Warnings) != 1 || s.Warnings[0].Topic != tt.topic || s.Warnings[0].Field != "memo" {
			t.Errorf("%q: warnings %v, want %s", tt.text, s.Warnings, tt.topic)
			continue
		}
		if got := marked(tt.text, s.Warnings[0].Mark()); got != tt.mark {
			t.Errorf("%q: marks %q, want %q", tt.text, got, tt.mark)
		}
		if v := Judge(tt.text, "memo"); v != (Verdict{Warning: tt.topic}) {
			t.Errorf("%q: %+v", tt.text, v)
		}
	}
	for _, text := range []string{"Le digicode a changé", "code porte demandé le 12/03/2024", "facture EDF de 120 €", "wifi en panne depuis 2023"} {
		if v := Judge(text, "memo"); v != (Verdict{}) {
			t.Errorf("%q: %+v", text, v)
		}
	}
}

// TestWarningLoosensNothing holds that a word for a door frees no password.
func TestWarningLoosensNothing(t *testing.T) {
	for _, text := range []string{"digicode 4B12, mdp caf : tournesol", "code wifi : Biscotte!74 et code carte 4827"} {
		if v := Judge(text, "memo"); !v.Refused || v.Warning != "" {
			t.Errorf("%q: %+v", text, v)
		}
	}
}
