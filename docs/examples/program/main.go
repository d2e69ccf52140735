// Command program is case software at its smallest: it asks a register whether a
// helper is covered for what they are about to do under a mandate, and notes what
// they did. It shows all that a program needs: a key, a token, a proof with each
// request. docs/security/sign-in.md tells why it is so.
//
// Make a key, give its public half to the referent ("Logiciels" on their page),
// and ask:
//
//	program key KEY.pem
//	program cover -register https://registre.example.fr -client ccas.g_… -key KEY.pem \
//	        -member h_… -ref 12345678 -service caf -procedure rsa_declaration -mode do_for_present
//	program note  (the same, and) -reason asked_by_person -channel person_session \
//	        -credential person -outcome done -once DOSSIER-7
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/go-jose/go-jose/v4"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "program:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 2 && args[0] == "key" {
		return makeKey(args[1], out)
	}
	if len(args) == 0 || args[0] != "cover" && args[0] != "note" {
		return errors.New("say key FILE, cover, or note")
	}
	var o options
	if err := o.parse(args[1:]); err != nil {
		return err
	}
	key, err := readKey(o.key)
	if err != nil {
		return err
	}
	c, err := NewClient(ctx, o.register, o.client, key)
	if err != nil {
		return err
	}
	mandate, err := c.mandate(ctx, o.ref)
	if err != nil {
		return err
	}
	if args[0] == "note" {
		return c.note(ctx, o, mandate, out)
	}
	return c.cover(ctx, o, mandate, out)
}

type options struct {
	register, client, key              string
	member, ref                        string
	service, procedure, mode           string
	reason, channel, credential        string
	outcome, once                      string
	validated, validatedHow, periodDue string
}

func (o *options) parse(args []string) error {
	f := flag.NewFlagSet("program", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	for name, v := range map[string]*string{
		"register": &o.register, "client": &o.client, "key": &o.key, "member": &o.member, "ref": &o.ref,
		"service": &o.service, "procedure": &o.procedure, "mode": &o.mode, "reason": &o.reason, "channel": &o.channel,
		"credential": &o.credential, "outcome": &o.outcome, "once": &o.once,
		"validated": &o.validated, "validated-how": &o.validatedHow, "period": &o.periodDue,
	} {
		f.StringVar(v, name, "", "")
	}
	return f.Parse(args)
}

// A Mandate is what a program learns of one: no name.
type Mandate struct {
	ID     string `json:"id"`
	Person string `json:"person"`
	State  string `json:"state"`
}

// mandate finds a mandate by the reference on its paper.
func (c *Client) mandate(ctx context.Context, ref string) (Mandate, error) {
	var found struct {
		Mandates []Mandate `json:"mandates"`
	}
	if err := c.Call(ctx, "GET", "/mandates?ref="+ref, nil, &found, ""); err != nil {
		return Mandate{}, err
	}
	if len(found.Mandates) != 1 {
		return Mandate{}, errors.New("no such mandate")
	}
	return found.Mandates[0], nil
}

// cover asks "is this member covered, now, for this?".
func (c *Client) cover(ctx context.Context, o options, m Mandate, out io.Writer) error {
	var answer struct {
		Covered bool   `json:"covered"`
		Until   string `json:"until"`
		Rule    string `json:"rule"`
		Detail  string `json:"detail"`
	}
	err := c.Call(ctx, "POST", "/cover", map[string]string{
		"member": o.member, "person": m.Person, "mandate": m.ID, "service": o.service, "procedure": o.procedure, "mode": o.mode,
	}, &answer, "")
	if err != nil {
		return err
	}
	if answer.Covered {
		_, err = fmt.Fprintln(out, "covered until", answer.Until)
	} else {
		_, err = fmt.Fprintln(out, "not covered:", answer.Detail)
	}
	return err
}

// note notes what a member did. The person sees it on their page at once.
func (c *Client) note(ctx context.Context, o options, m Mandate, out io.Writer) error {
	act := map[string]string{
		"member": o.member, "person": m.Person, "mandate": m.ID, "service": o.service, "procedure": o.procedure, "mode": o.mode,
		"reason": o.reason, "channel": o.channel, "credential_entry": o.credential, "outcome": o.outcome,
	}
	for name, value := range map[string]string{"validated": o.validated, "validated_how": o.validatedHow, "period": o.periodDue} {
		if value != "" {
			act[name] = value
		}
	}
	var noted struct {
		ID string `json:"id"`
	}
	if err := c.Call(ctx, "POST", "/acts", act, &noted, o.once); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "noted", noted.ID)
	return err
}

// makeKey makes a key, readable by its owner alone, and prints the JWK Set that is
// given to the referent. The private half never leaves this machine.
func makeKey(path string, out io.Writer) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), Algorithm: string(jose.ES256), Use: "sig"}}})
}

func readKey(path string) (*ecdsa.PrivateKey, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, errors.New("the key file is not PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("the key file holds no private key")
	}
	ec, is := key.(*ecdsa.PrivateKey)
	if !is {
		return nil, errors.New("the key file holds a key of another kind")
	}
	return ec, nil
}
