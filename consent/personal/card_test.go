package personal_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"aval/consent/personal"

	"pgregory.net/rapid"
)

const alphabet = "36789BDFGHJKMPQRTVWXY"

func chars(c personal.CardCode) string { return strings.ReplaceAll(c.Shown(), "-", "")[1:] }

func TestCardCode(t *testing.T) {
	counts := map[byte]int{}
	for range 500 {
		code := personal.NewCardCode()
		shown := code.Shown()
		if len(shown) != 17 || shown[:2] != "C-" || shown[6] != '-' || shown[11] != '-' || strings.Trim(chars(code), alphabet) != "" {
			t.Fatalf("shown as %s", shown)
		}
		for _, c := range []byte(chars(code))[:12] {
			counts[c]++
		}
		for _, typed := range []string{
			shown, strings.ToLower(shown), chars(code), " " + shown + "\n", strings.ReplaceAll(shown, "-", " "),
			strings.ReplaceAll(shown, "-", ""), strings.ReplaceAll(shown, "-", "–"), strings.ReplaceAll(shown, "-", "\u00a0"), "c" + chars(code),
		} {
			got, err := personal.ParseCardCode(typed)
			if err != nil || got.Shown() != shown {
				t.Fatalf("%q: %v", typed, err)
			}
		}
	}
	for _, c := range []byte(alphabet) { // 6000 draws, 286 each; 200 is 5 deviations off
		if counts[c] < 200 || counts[c] > 380 {
			t.Errorf("%c was drawn %d times of 6000", c, counts[c])
		}
	}
	if (personal.CardCode{}).Shown() != "" {
		t.Error("no code is shown")
	}
}

// Every wrong character and every two neighbours exchanged are noticed.
func TestCardCheck(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := rapid.StringOfN(rapid.SampledFrom([]rune(alphabet)), 12, 12, -1).Draw(t, "code")
		var good []byte
		for _, check := range []byte(alphabet) {
			if _, err := personal.ParseCardCode(code + string(check)); err == nil {
				good = append(good, check)
			}
		}
		if len(good) != 1 {
			t.Fatalf("%d check characters fit", len(good))
		}
		full := []byte(code + string(good))
		refused := func(b []byte) {
			if _, err := personal.ParseCardCode(string(b)); !errors.Is(err, personal.ErrCardCheck) {
				t.Fatalf("%s for %s: %v", b, full, err)
			}
		}
		for i := range full {
			for _, c := range []byte(alphabet) {
				if c != full[i] {
					b := bytes.Clone(full)
					b[i] = c
					refused(b)
				}
			}
			if i > 0 && full[i] != full[i-1] {
				b := bytes.Clone(full)
				b[i], b[i-1] = b[i-1], b[i]
				refused(b)
			}
		}
	})
}

// The published worked case: a sum of 1 modulo 21 with weights 2^12 … 2^0.
func TestCardCheckByHand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		full := chars(personal.NewCardCode())
		sum := 0
		for i, c := range []byte(full) {
			sum += strings.IndexByte(alphabet, c) << (12 - i)
		}
		if sum%21 != 1 {
			t.Fatalf("%s sums to %d", full, sum%21)
		}
	})
}

func TestCardForm(t *testing.T) {
	good := chars(personal.NewCardCode())
	for _, bad := range []string{
		"", "C", "C-", good[:12], good + "3", "A" + good[1:], "0" + good[1:], good[:12] + "É", good[:6] + "." + good[6:],
		"CC" + good, "É" + good, strings.Repeat(" ", 65), strings.Repeat("3", 1000), good + "\x00", "12345678",
	} {
		if c, err := personal.ParseCardCode(bad); !errors.Is(err, personal.ErrCardForm) || c.Shown() != "" {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzCardCode(f *testing.F) {
	f.Add(personal.NewCardCode().Shown())
	f.Add("C-3678-9BDF-GHJKM")
	f.Add("ſ678 9BDF GHJK M")
	f.Fuzz(func(t *testing.T, s string) {
		code, err := personal.ParseCardCode(s)
		if err != nil {
			return
		}
		again, err := personal.ParseCardCode(code.Shown())
		if err != nil || again.Shown() != code.Shown() || strings.Trim(chars(code), alphabet) != "" {
			t.Errorf("%q gives %s, %v", s, code.Shown(), err)
		}
	})
}

func TestCardRows(t *testing.T) {
	r := newRegister(t)
	code, other := personal.NewCardCode(), personal.NewCardCode()
	closed, row, err := r.CardRow(code)
	if err != nil || len(row) != 16 {
		t.Fatal(err)
	}
	has := func(c personal.CardCode, row []byte) bool {
		return slices.ContainsFunc(r.CardRows(c), func(x []byte) bool { return bytes.Equal(x, row) })
	}
	if !has(code, row) || has(other, row) {
		t.Error("not found by its code, or found by another")
	}
	if again, same, err := r.Recard(closed); err != nil || !bytes.Equal(again, closed) || !bytes.Equal(same, row) {
		t.Errorf("made anew in the same epoch: %v", err)
	}
	turnTo(t, r, 1)
	if !has(code, row) {
		t.Error("not found under the old epoch")
	}
	again, newer, err := r.Recard(closed)
	if err != nil || bytes.Equal(newer, row) || !has(code, newer) || len(r.CardRows(code)) != 2 {
		t.Fatalf("made anew: %v", err)
	}
	finish(t, r, 1)
	if has(code, row) || !has(code, newer) {
		t.Error("the old row is not dead, or the new one is")
	}
	if _, _, err := r.Recard(closed); !errors.Is(err, personal.ErrEpoch) {
		t.Errorf("old closed bytes: %v", err)
	}
	if _, _, err := r.Recard(again); err != nil {
		t.Error(err)
	}
}

// The code of a counter has the form of a card's, under another letter: neither is
// read as the other, and their look-ups never meet.
func TestCheckCodeIsNoCard(t *testing.T) {
	check := personal.NewCheckCode()
	shown := check.Shown()
	again, err := personal.ParseCheckCode(strings.ToLower(strings.ReplaceAll(shown, "-", " ")))
	if err != nil || again.Shown() != shown || shown[0] != 'S' {
		t.Fatalf("%v", err)
	}
	if _, err := personal.ParseCardCode(shown); !errors.Is(err, personal.ErrCardForm) {
		t.Errorf("read as a card: %v", err)
	}
	if _, err := personal.ParseCheckCode(personal.NewCardCode().Shown()); !errors.Is(err, personal.ErrCardForm) {
		t.Errorf("a card read as one: %v", err)
	}
	card, err := personal.ParseCardCode(shown[1:])
	if err != nil || card.Shown() == shown {
		t.Errorf("the same characters on a card: %v", err)
	}
}
