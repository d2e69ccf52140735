// Package canary is for tests: it makes credentials at random, of every kind that
// the screening refuses, and finds them again in any bytes, however they were
// written down. What is found of one that was refused was kept, logged or repeated.
package canary

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"

	"aval/charter/screen"
)

// A Canary is a text with a credential that nobody has.
type Canary struct {
	Kind screen.Kind
	// Form says how it was made, such as "card, in fours".
	Form string
	Text string
	// Needles are the parts of the text that are like nothing else: at least 12
	// characters, 13 when they are digits.
	Needles []string
}

// Flock makes one canary of each form.
func Flock() []Canary {
	var all []Canary
	add := func(k screen.Kind, form, text string, needles ...string) {
		all = append(all, Canary{Kind: k, Form: form, Text: text, Needles: needles})
	}
	for _, cue := range []string{"mdp caf : ", "mot de passe ameli=", "MOT DE PASSE ", "password: ", "son mdp c'est "} {
		v := secret()
		add(screen.KindPassword, cue, cue+v, v)
	}
	v := secret()
	add(screen.KindPassword, "pair", "jeanne.morel@exemple.fr / "+v, v)
	v = secret()
	add(screen.KindPassword, "accents", "mot de passe : Éà&<"+v, v, "Éà&<"+v)
	v = secret()
	add(screen.KindToken, "in an address", "https://jmorel:"+v+"@exemple.fr/", v)
	// What is too short to be found again goes with a word that is not.
	w := word()
	add(screen.KindOneTime, "sms", w+". code sms : "+digits(6), w)
	w = word()
	add(screen.KindPIN, "bank card", w+". code carte bleue : "+digits(4), w)
	w = word()
	add(screen.KindAccountID, "caf", w+". numéro allocataire : "+digits(7), w)
	v = word()
	add(screen.KindAnswer, "pet", "question secrète : nom du chien ? réponse "+v, v)
	v = strings.ToUpper(letters(5)) + digits(3) + "-" + digits(3) + strings.ToUpper(letters(5))
	add(screen.KindRecovery, "rescue", "code de secours : "+v, v)
	v = "ghp_" + letters(18) + digits(18)
	add(screen.KindToken, "known prefix", v, v[4:])
	v = jwt()
	add(screen.KindToken, "jwt", v, v[len(v)-40:])
	v = base64.StdEncoding.EncodeToString(random(30))
	add(screen.KindToken, "pem", "-----BEGIN PRIVATE KEY----- "+v, v)
	v = "2" + digits(12)
	add(screen.KindAccountID, "tax", v, v)
	for form, v := range map[string]string{"visa": luhn("4970" + digits(11)), "mastercard": luhn("5132" + digits(11))} {
		add(screen.KindCard, form, v, v)
		add(screen.KindCard, form+", in fours", fours(v), v, fours(v))
	}
	for _, country := range []string{"FR", "DE", "BE"} {
		v := iban(country)
		add(screen.KindBank, country, v, v, v[2:])
		add(screen.KindBank, country+", in fours", "RIB "+fours(v), v[2:], fours(v))
	}
	for _, department := range []string{"75", "13", "2A", "2B"} {
		v := nir(department)
		add(screen.KindNIR, department, v, v)
		spaced := v[:1] + " " + v[1:3] + " " + v[3:5] + " " + v[5:7] + " " + v[7:10] + " " + v[10:13] + " " + v[13:]
		add(screen.KindNIR, department+", in groups", spaced, v, spaced)
	}
	return all
}

// secret is a password of the kind that people are told to make.
func secret() string {
	return strings.ToUpper(letters(1)) + letters(6) + digits(4) + strings.ToUpper(letters(2)) + letters(3) + "!"
}

// word is a word of no language.
func word() string { return strings.ToUpper(letters(1)) + letters(14) }

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

func pick(alphabet string, n int) string {
	b := random(n)
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	return string(b)
}

func letters(n int) string { return pick("bcdfghjklmnpqrstvwxz", n) }
func digits(n int) string  { return pick("0123456789", n) }

func fours(s string) string {
	var parts []string
	for len(s) > 4 {
		parts, s = append(parts, s[:4]), s[4:]
	}
	return strings.Join(append(parts, s), " ")
}

// luhn adds the check digit of a card number (ISO/IEC 7812-1).
func luhn(s string) string {
	sum := 0
	for i := range s {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return fmt.Sprintf("%s%d", s, (10-sum%10)%10)
}

// iban makes an account number with its check digits (ISO 13616).
func iban(country string) string {
	length := map[string]int{"FR": 23, "DE": 18, "BE": 12}[country]
	account := digits(length)
	expanded := account
	for _, c := range country {
		expanded += fmt.Sprint(int(c-'A') + 10)
	}
	n, _ := new(big.Int).SetString(expanded+"00", 10)
	check := 98 - new(big.Int).Mod(n, big.NewInt(97)).Int64()
	return fmt.Sprintf("%s%02d%s", country, check, account)
}

// nir makes a social security number with its key (Corsica as 19 and 18).
func nir(department string) string {
	body := pick("12", 1) + digits(2) + pick("0", 1) + pick("123456789", 1) + department + digits(6)
	number := strings.NewReplacer("2A", "19", "2B", "18").Replace(body)
	n, _ := new(big.Int).SetString(number, 10)
	return fmt.Sprintf("%s%02d", body, 97-new(big.Int).Mod(n, big.NewInt(97)).Int64())
}

func jwt() string {
	part := func(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
	return part([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + part([]byte(`{"sub":"`+letters(12)+`"}`)) + "." + part(random(32))
}
