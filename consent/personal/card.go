package personal

import (
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"unicode"
)

// A CardCode opens a person's page. It is printed once on the card and kept
// nowhere: what is kept is a keyed hash.
type CardCode struct {
	secretData
	_      [0]func() // no ==
	letter string    // says what it is for; part of the keyed hash
	s      *string   // 13 characters
}

// A CheckCode lets a counter ask whether an agreement is valid. It has the form of
// a card's code under another letter, and opens nothing that a card opens.
type CheckCode struct{ CardCode }

const (
	cardLetter  = "C"
	checkLetter = "S" // for service; no character of a code either
)

// Errors of ParseCardCode and ParseCheckCode; they never hold what was typed.
var (
	// ErrCardForm: not 13 characters of the card alphabet.
	ErrCardForm = errors.New("personal: not the form of a card code")
	// ErrCardCheck: the last character does not fit the others: a slip in typing.
	ErrCardCheck = errors.New("personal: card code was mistyped")
)

const (
	// cardAlphabet leaves out what is read or heard as something else, and vowels.
	cardAlphabet = "36789BDFGHJKMPQRTVWXY"
	cardRandom   = 12 // characters, 21^12 > 2^52 codes
	cardSize     = cardRandom + 1
	maxCardInput = 64 // bytes
)

// NewCardCode makes a random code.
func NewCardCode() CardCode { return newCode(cardLetter) }

// NewCheckCode makes a random code for a counter.
func NewCheckCode() CheckCode { return CheckCode{newCode(checkLetter)} }

func newCode(letter string) CardCode {
	const fair = 256 - 256%len(cardAlphabet) // bytes from here on would favour some characters
	code := make([]byte, 0, cardSize)
	var b [1]byte
	for len(code) < cardRandom {
		rand.Read(b[:])
		if int(b[0]) < fair {
			code = append(code, cardAlphabet[int(b[0])%len(cardAlphabet)])
		}
	}
	s := string(append(code, cardCheck(code)))
	return CardCode{letter: letter, s: &s}
}

// ParseCardCode reads a code as people type it: in either case, with or without
// spaces, dashes and the leading C. The error is ErrCardForm or ErrCardCheck.
func ParseCardCode(typed string) (CardCode, error) { return parseCode(cardLetter, typed) }

// ParseCheckCode reads the code of a counter likewise, with or without its S.
func ParseCheckCode(typed string) (CheckCode, error) {
	c, err := parseCode(checkLetter, typed)
	return CheckCode{c}, err
}

func parseCode(letter, typed string) (CardCode, error) {
	if len(typed) > maxCardInput {
		return CardCode{}, ErrCardForm
	}
	s := strings.ToUpper(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) {
			return -1
		}
		return r
	}, typed))
	s = strings.TrimPrefix(s, letter)
	if len(s) != cardSize || strings.Trim(s, cardAlphabet) != "" {
		return CardCode{}, ErrCardForm
	}
	if cardCheck([]byte(s[:cardRandom])) != s[cardRandom] {
		return CardCode{}, ErrCardCheck
	}
	return CardCode{letter: letter, s: &s}, nil
}

// cardCheck gives the check character: a pure system in the manner of ISO 7064,
// modulus 21, radix 2. The sum of value × 2^place, counted from the right, is 1
// modulo 21. Powers of 2 share no factor with 21, so a wrong character shows; so
// do neighbours that changed places, whose weights differ by such a power.
func cardCheck(code []byte) byte {
	const modulus = len(cardAlphabet)
	p := 0
	for _, c := range code {
		p = (p + strings.IndexByte(cardAlphabet, c)) * 2 % modulus
	}
	return cardAlphabet[(modulus+1-p)%modulus]
}

// Shown gives the code in clear as it is printed: "C-XXXX-XXXX-XXXXX", or with
// the S of a counter. Only what prints it calls it.
func (c CardCode) Shown() string {
	if c.s == nil {
		return ""
	}
	s := *c.s
	return c.letter + "-" + s[:4] + "-" + s[4:8] + "-" + s[8:]
}

// CardRow gives the row to file a card under, 16 bytes, and its inner hash,
// closed, to be kept in that row. The error is ErrEpoch, when the folder changed
// meanwhile.
func (k *Keyring) CardRow(c CardCode) (closed, row []byte, err error) {
	inner := k.cardInner(c)
	closed = k.close(cardContext, inner)
	row, err = k.row(cardContext, closed, inner)
	return closed, row, err
}

// CardRows gives the rows under which a code may be filed, one a live epoch, the
// newest first.
func (k *Keyring) CardRows(c CardCode) [][]byte {
	inner := k.cardInner(c)
	var rows [][]byte
	for _, e := range slices.Backward(k.folder.Live()) {
		rows = append(rows, e.Row(cardContext, inner))
	}
	return rows
}

// Recard makes a card's row anew under the current epoch, out of closed bytes
// alone; what is of that epoch already comes back as it is. The error is
// ErrClosed or ErrEpoch.
func (k *Keyring) Recard(closed []byte) (again, row []byte, err error) {
	inner, err := k.open(cardContext, closed)
	if err != nil {
		return nil, nil, err
	}
	again, _, err = k.reclose(cardContext, closed)
	if err != nil {
		return nil, nil, err
	}
	row, err = k.row(cardContext, again, inner)
	return again, row, err
}

func (k *Keyring) cardInner(c CardCode) []byte { return mac(k.folder.Pepper("card"), c.Shown()) }
