package door

import (
	"context"
	"net/http"
	"strings"

	"aval/api/token"
	"aval/consent"
	"aval/consent/personal"
)

// How a program shows its token: `Authorization: DPoP …`, and with each request a
// proof that it holds the key the token is bound to (RFC 9449 §7).

// A programToken is what a request of a program brings; nothing of it is proven.
type programToken struct {
	access, proof   string
	method, address string // of the request, as the proof must name them
}

// programOf reads a program's token and proof; nil when the request has none. Two
// proofs are none: which one would count?
func (d *Door) programOf(r *http.Request) *programToken {
	scheme, access, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "DPoP") {
		return nil
	}
	return &programToken{access: access, proof: OneProof(r.Header), method: r.Method, address: d.StaffURL + r.URL.EscapedPath()}
}

// OneProof is the DPoP proof of a request; empty when there is none, or several
// (RFC 9449 §4.3).
func OneProof(h http.Header) string {
	if list := h.Values("DPoP"); len(list) == 1 {
		return list[0]
	}
	return ""
}

// programActor finds the program whose token and proof a visit has.
func (d *Door) programActor(ctx context.Context, v *Visit) (consent.Actor, error) {
	p := v.program
	proof, err := token.VerifyProof(p.proof, p.method, p.address, p.access, d.Now())
	if err != nil {
		return consent.Actor{}, &consent.SignInNeeded{Reason: "proof"}
	}
	a, err := d.Register.ProgramSignedIn(ctx, p.access, consent.HeldKey{Thumbprint: proof.Key, ID: proof.ID})
	if err != nil {
		return consent.Actor{}, err
	}
	return a.With(v.Call()), nil
}

// ProgramToken is the access token of a program that signed in.
func ProgramToken(space string, t personal.Token) string { return space + "." + t.Reveal() }

// ProofAlgorithms are those that programs may sign with, as RFC 9449 §7.1 lists
// them.
const ProofAlgorithms = "ES256 EdDSA"

// challenge says how to sign in, to whoever was not let in (RFC 9110 §11.6.1).
func challenge(reason string) string {
	switch reason {
	case "program":
		return `DPoP error="invalid_token", algs="` + ProofAlgorithms + `"`
	case "proof":
		return `DPoP error="invalid_dpop_proof", algs="` + ProofAlgorithms + `"`
	}
	return "Bearer"
}
