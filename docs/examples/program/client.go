package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// A Client is a program that a referent let in. It is for one goroutine.
type Client struct {
	base   string // address of the register, as its discovery document names it
	id     string // client identifier, as the referent's page shows it
	key    *ecdsa.PrivateKey
	http   *http.Client
	tokens string // token endpoint

	token string
	until time.Time
}

// NewClient reads the register's own description (RFC 8414): where tokens are
// given, and that it is the register that was meant.
func NewClient(ctx context.Context, base, id string, key *ecdsa.PrivateKey) (*Client, error) {
	c := &Client{base: strings.TrimSuffix(base, "/"), id: id, key: key, http: &http.Client{Timeout: 10 * time.Second}}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/.well-known/oauth-authorization-server", http.NoBody)
	if err != nil {
		return nil, err
	}
	var about struct {
		Issuer string `json:"issuer"`
		Tokens string `json:"token_endpoint"`
	}
	if err := c.do(r, &about); err != nil {
		return nil, err
	}
	if about.Issuer != c.base || !strings.HasPrefix(about.Tokens, c.base+"/") {
		return nil, errors.New("this is not the register of that address")
	}
	c.tokens = about.Tokens
	return c, nil
}

// Call asks the register for something, and reads the answer into out. once, when
// it is not empty, makes a write happen once, however often it is sent.
func (c *Client) Call(ctx context.Context, method, path string, body, out any, once string) error {
	if time.Now().After(c.until) {
		if err := c.signIn(ctx); err != nil {
			return err
		}
	}
	raw := []byte{}
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return err
		}
	}
	address := c.base + "/api/v1" + path
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	proof, err := c.proof(method, address, c.token)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "DPoP "+c.token)
	r.Header.Set("DPoP", proof) // another with each request
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if once != "" {
		r.Header.Set("Idempotency-Key", once)
	}
	return c.do(r, out)
}

// signIn proves who the program is (RFC 7523 §2.2) and gets a token for a few
// minutes, bound to the key (RFC 9449 §5).
func (c *Client) signIn(ctx context.Context) error {
	assertion, err := c.sign("JWT", false, map[string]any{
		"iss": c.id, "sub": c.id, "aud": c.base, "jti": rand.Text(),
		"iat": jwt.NewNumericDate(time.Now()), "exp": jwt.NewNumericDate(time.Now().Add(time.Minute)),
	})
	if err != nil {
		return err
	}
	form := url.Values{
		"grant_type":            {"client_credentials"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {assertion},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.tokens, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	proof, err := c.proof(http.MethodPost, c.tokens, "")
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("DPoP", proof)
	var answer struct {
		Token string `json:"access_token"`
		Type  string `json:"token_type"`
		Life  int    `json:"expires_in"`
	}
	if err := c.do(r, &answer); err != nil {
		return err
	}
	if answer.Type != "DPoP" {
		return errors.New("the token is not bound to the key")
	}
	c.token = answer.Token
	c.until = time.Now().Add(time.Duration(answer.Life)*time.Second - 10*time.Second)
	return nil
}

// proof says that who sends this request holds the key (RFC 9449 §4.2).
func (c *Client) proof(method, address, token string) (string, error) {
	address, _, _ = strings.Cut(address, "?")
	claims := map[string]any{"jti": rand.Text(), "htm": method, "htu": address, "iat": jwt.NewNumericDate(time.Now())}
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return c.sign("dpop+jwt", true, claims)
}

// sign makes a signed token of a kind; embed puts the public key into its header.
func (c *Client) sign(kind string, embed bool, claims map[string]any) (string, error) {
	options := (&jose.SignerOptions{EmbedJWK: embed}).WithType(jose.ContentType(kind))
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: c.key}, options)
	if err != nil {
		return "", err
	}
	return jwt.Signed(signer).Claims(claims).Serialize()
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 1 << 20

// do sends a request and reads the answer; what is not a success is a *Problem.
func (c *Client) do(r *http.Request, out any) error {
	res, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return err
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		p := &Problem{Status: res.StatusCode}
		if err := json.Unmarshal(raw, p); err != nil {
			return fmt.Errorf("the register answers %s", res.Status)
		}
		return p
	}
	return json.Unmarshal(raw, out)
}

// A Problem is what the register says when it does not do what was asked: a
// problem document (RFC 9457), or an error of the token endpoint (RFC 6749 §5.2).
// It repeats nothing that was sent, so it may be logged.
type Problem struct {
	Status      int    `json:"status"`
	Type        string `json:"type"` // ends with the reason's stable key
	Rule        string `json:"rule"` // of the charter
	Detail      string `json:"detail"`
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

func (p *Problem) Error() string {
	if p.Code != "" {
		return p.Code + ": " + p.Description
	}
	return p.Detail
}
