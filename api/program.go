package api

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"aval/api/door"
	"aval/api/token"
	v1 "aval/api/v1"
	"aval/charter"
	"aval/consent"
)

// The token endpoint, where the case software of a structure proves who it is:
// client credentials (RFC 6749 §4.4) with a signed assertion (RFC 7523) and a DPoP
// proof (RFC 9449 §5). It speaks OAuth's form and OAuth's errors, not ours.

const tokenPath = v1.Base + "/token"

const (
	grantType     = "client_credentials"
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// An oauthFault is an error of the token endpoint (RFC 6749 §5.2). Its words are
// fixed: nothing that was sent comes back.
type oauthFault struct {
	status      int
	Code        string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

func (f *oauthFault) Error() string { return f.Code }

func invalidRequest(says string) *oauthFault {
	return &oauthFault{http.StatusBadRequest, "invalid_request", says}
}

// invalidClient is the one answer to whoever did not prove who they are: an
// unknown client and a wrong signature cannot be told apart.
func invalidClient(says string) *oauthFault {
	return &oauthFault{http.StatusUnauthorized, "invalid_client", says}
}

func invalidProof(says string) *oauthFault {
	return &oauthFault{http.StatusBadRequest, "invalid_dpop_proof", says}
}

// A tokenAnswer is RFC 6749 §5.1.
type tokenAnswer struct {
	Token string `json:"access_token"`
	Type  string `json:"token_type"`
	Life  int    `json:"expires_in"` // seconds
	Scope string `json:"scope"`
}

// programToken is POST /api/v1/token.
func (a *API) programToken(c echo.Context) error {
	answer, err := a.grant(c)
	if fault, ok := errors.AsType[*oauthFault](err); ok {
		if fault.Code == "invalid_client" {
			a.Register.ProgramNotKnown()
		}
		return c.JSON(fault.status, fault)
	}
	if err != nil {
		return err
	}
	c.Response().Header().Set("Pragma", "no-cache") // RFC 6749 §5.1
	return c.JSON(http.StatusOK, answer)
}

func (a *API) grant(c echo.Context) (*tokenAnswer, error) {
	form, fault := tokenForm(c.Request())
	if fault != nil {
		return nil, fault
	}
	ctx := c.Request().Context()
	proof, err := a.proven(ctx, form)
	if err != nil {
		return nil, err
	}
	held, err := token.VerifyProof(door.OneProof(c.Request().Header), http.MethodPost, a.StaffURL+tokenPath, "", a.Now())
	if err != nil {
		return nil, invalidProof("DPoP: " + err.Error())
	}
	proof.Held = consent.HeldKey{Thumbprint: held.Key, ID: held.ID}
	granted, err := a.Register.SignInProgram(ctx, door.VisitOf(ctx).Call(), proof)
	if err != nil {
		return nil, oauthOf(err)
	}
	return &tokenAnswer{
		Token: door.ProgramToken(granted.Space, granted.Token), Type: "DPoP", Life: int(granted.Life.Seconds()), Scope: spaced(granted.Scopes),
	}, nil
}

// tokenForm reads the form: each parameter once (RFC 6749 §3.2); what is not known
// is passed over, as that says.
func tokenForm(r *http.Request) (url.Values, *oauthFault) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, invalidRequest("the body must be application/x-www-form-urlencoded")
	}
	if err := r.ParseForm(); err != nil || r.URL.RawQuery != "" {
		return nil, invalidRequest("the body is no form, or something stands in the address")
	}
	for _, values := range r.PostForm {
		if len(values) != 1 {
			return nil, invalidRequest("a parameter stands more than once")
		}
	}
	f := r.PostForm
	switch {
	case f.Get("grant_type") != grantType:
		return nil, &oauthFault{http.StatusBadRequest, "unsupported_grant_type", "the only grant is " + grantType}
	case f.Get("client_secret") != "" || r.Header.Get("Authorization") != "":
		return nil, invalidClient("no shared secret is taken here: sign with private_key_jwt")
	case f.Get("client_assertion_type") != assertionType || f.Get("client_assertion") == "":
		return nil, invalidClient("private_key_jwt is needed: client_assertion_type and client_assertion (RFC 7523)")
	}
	return f, nil
}

// proven verifies the assertion of a form with the keys of whom it speaks of.
func (a *API) proven(ctx context.Context, form url.Values) (consent.ProgramProof, error) {
	compact := form.Get("client_assertion")
	client, err := token.AssertionOf(compact)
	if err != nil || form.Has("client_id") && form.Get("client_id") != client {
		return consent.ProgramProof{}, invalidClient("the assertion is of another form, or about another client")
	}
	keys, err := a.Register.ProgramKeys(ctx, client)
	if err != nil {
		return consent.ProgramProof{}, oauthOf(err)
	}
	assertion, err := token.VerifyAssertion(compact, keys, client, []string{a.StaffURL, a.StaffURL + tokenPath}, a.Now())
	switch {
	case errors.Is(err, token.ErrTime):
		return consent.ProgramProof{}, invalidClient("exp must be at most 5 minutes ahead, iat and nbf not in the future")
	case errors.Is(err, token.ClaimError("aud")):
		return consent.ProgramProof{}, invalidClient("aud must be the issuer or the token endpoint, to the letter, and nothing else")
	case errors.Is(err, token.ClaimError("jti")):
		return consent.ProgramProof{}, invalidClient("jti is needed, 8 to 255 characters, another each time")
	case err != nil:
		return consent.ProgramProof{}, invalidClient(notKnown)
	}
	proof := consent.ProgramProof{Client: client, ID: assertion.ID, Until: assertion.Expires}
	for _, s := range strings.Fields(form.Get("scope")) {
		if !slices.Contains(proof.Scopes, charter.Scope(s)) {
			proof.Scopes = append(proof.Scopes, charter.Scope(s))
		}
	}
	return proof, nil
}

const notKnown = "the client is not known, is closed, or this was signed with no key of its"

// oauthOf says in OAuth's words what a use-case answered; anything else is a fault
// and stays one.
func oauthOf(err error) error {
	sign, again := errors.AsType[*consent.SignInNeeded](err)
	_, scope := errors.AsType[*consent.Invalid](err)
	_, closed := errors.AsType[*consent.Refused](err)
	switch {
	case again && sign.Reason == "proof":
		return invalidProof("the proof was used before: make another for each request")
	case again, closed:
		return invalidClient(notKnown)
	case scope:
		return &oauthFault{http.StatusBadRequest, "invalid_scope", "the program was not let in for this scope"}
	}
	return err
}

func spaced(scopes []charter.Scope) string {
	words := make([]string, len(scopes))
	for i, s := range scopes {
		words[i] = string(s)
	}
	return strings.Join(words, " ")
}

// authorizationServer tells programs where and how to sign in (RFC 8414).
func (a *API) authorizationServer(c echo.Context) error {
	algorithms := strings.Fields(door.ProofAlgorithms)
	return c.JSON(http.StatusOK, map[string]any{
		"issuer":                                a.StaffURL,
		"token_endpoint":                        a.StaffURL + tokenPath,
		"grant_types_supported":                 []string{grantType},
		"response_types_supported":              []string{}, // nobody is sent here to agree to something
		"scopes_supported":                      charter.Scopes(),
		"token_endpoint_auth_methods_supported": []string{"private_key_jwt"},
		"token_endpoint_auth_signing_alg_values_supported": algorithms,
		"dpop_signing_alg_values_supported":                algorithms,
		"service_documentation":                            a.StaffURL + "/api",
	})
}
