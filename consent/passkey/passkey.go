// Package passkey speaks WebAuthn (Level 3) for the register, and nothing else
// does: what a browser is asked, and whether its answer is one. It knows neither
// HTTP nor a store: options and answers are JSON, what is pending between the two
// is bytes that the caller keeps, uses once and lets die soon.
package passkey

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"
)

// Errors that callers tell apart. They hold nothing of what was sent.
var (
	// ErrAddress: browsers refuse passkeys at this address.
	ErrAddress = errors.New("passkey: browsers make none at this address: it is no name, ends in .local, or is not reached over TLS")
	// ErrAnswer: not an answer to what was asked, or not by a key that is known.
	ErrAnswer = errors.New("passkey: the answer does not hold")
	// ErrCopied: the answer holds, but the key's counter did not move on: there may
	// be a copy of it (WebAuthn §6.1.1).
	ErrCopied = errors.New("passkey: the key's counter went back: it may have been copied")
	// ErrChanged: the answer holds, but the key now says otherwise than when it was
	// made whether it may be copied to other devices (WebAuthn §6.1.3 forbids it).
	ErrChanged = errors.New("passkey: the key says otherwise than before whether it can be copied")
)

// MaxAnswer bounds an answer of a browser, in bytes.
const MaxAnswer = 16 << 10

// A Party is the register as browsers see it: the host and the origin that keys
// are made for. Both come from the configuration, never from a request.
type Party struct {
	web    *webauthn.WebAuthn
	id     string
	origin string
	nobody []byte // a public key that nobody has the other half of
}

// At gives the party of a base URL such as "https://registre.example.fr". The error
// is ErrAddress for what browsers refuse: an IP address, a name in .local, a host
// reached without TLS unless it is localhost.
func At(base, name string) (*Party, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, ErrAddress
	}
	host := strings.ToLower(u.Hostname())
	local := host == "localhost" || strings.HasSuffix(host, ".localhost")
	_, notIP := netip.ParseAddr(host)
	switch {
	case host == "", notIP == nil, host == "local", strings.HasSuffix(host, ".local"),
		u.Scheme != "https" && (u.Scheme != "http" || !local):
		return nil, ErrAddress
	}
	p := &Party{id: host, origin: u.Scheme + "://" + strings.ToLower(u.Host)}
	p.web, err = webauthn.New(&webauthn.Config{
		RPID: p.id, RPDisplayName: name, RPOrigins: []string{p.origin}, AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil, ErrAddress
	}
	p.nobody, err = nobodysKey()
	return p, err
}

// ID is the RP ID of keys made here: the host's name.
func (p *Party) ID() string { return p.id }

// Origin is the only origin that answers may come from.
func (p *Party) Origin() string { return p.origin }

// A Credential is the whole record of a key, as JSON (WebAuthn §4, credential
// record): public key, counter, flags, what the browser said when it was made.
type Credential []byte

// A Key is what a record says of its key.
type Key struct {
	ID     []byte
	Public crypto.PublicKey // ECDSA P-256, Ed25519 or RSA
	Synced bool             // it is copied to the holder's other devices, or may be
}

// Read reads a record. The error is ErrAnswer.
func (c Credential) Read() (Key, error) {
	var w webauthn.Credential
	if json.Unmarshal(c, &w) != nil {
		return Key{}, ErrAnswer
	}
	public, err := publicKey(w.PublicKey)
	if err != nil {
		return Key{}, err
	}
	return Key{ID: w.ID, Public: public, Synced: w.Flags.BackupEligible}, nil
}

// algorithms are those of keys that are made: what every authenticator has one of.
// Each can be verified with the standard library alone.
var algorithms = []protocol.CredentialParameter{
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgEdDSA},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgRS256},
}

// publicKey reads a COSE key of one of our algorithms.
func publicKey(cose []byte) (crypto.PublicKey, error) {
	parsed, err := webauthncose.ParsePublicKey(cose)
	if err != nil {
		return nil, ErrAnswer
	}
	switch k := parsed.(type) {
	case webauthncose.EC2PublicKeyData:
		if k.Algorithm == int64(webauthncose.AlgES256) && len(k.XCoord) == 32 && len(k.YCoord) == 32 {
			public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, k.XCoord, k.YCoord))
			if err == nil {
				return public, nil
			}
		}
	case webauthncose.OKPPublicKeyData:
		if k.Algorithm == int64(webauthncose.AlgEdDSA) && len(k.XCoord) == ed25519.PublicKeySize {
			return ed25519.PublicKey(k.XCoord), nil
		}
	case webauthncose.RSAPublicKeyData:
		if k.Algorithm == int64(webauthncose.AlgRS256) && len(k.Modulus) >= 256 && len(k.Modulus) <= 512 && len(k.Exponent) <= 4 {
			e := new(big.Int).SetBytes(k.Exponent).Int64()
			return &rsa.PublicKey{N: new(big.Int).SetBytes(k.Modulus), E: int(e)}, nil
		}
	}
	return nil, ErrAnswer
}

// nobodysKey is a public key for the work that an unknown key costs.
func nobodysKey() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, err
	}
	cose, err := webauthncbor.Marshal(webauthncose.EC2PublicKeyData{
		PublicKeyData: webauthncose.PublicKeyData{KeyType: int64(webauthncose.EllipticKey), Algorithm: int64(webauthncose.AlgES256)},
		Curve:         int64(webauthncose.P256), XCoord: point[1:33], YCoord: point[33:],
	})
	if err != nil {
		return nil, fmt.Errorf("passkey: %w", err)
	}
	return cose, nil
}

// A Holder is whom a key is made for. Handle is an account's pseudonym; Name is
// what the holder's device shows beside the key, and keeps: no name of a person.
type Holder struct {
	Handle string
	Name   string
}

// asUser shows a holder to the library.
type asUser struct {
	Holder
	keys []webauthn.Credential
}

func (u asUser) WebAuthnID() []byte                         { return []byte(u.Handle) }
func (u asUser) WebAuthnName() string                       { return u.Name }
func (u asUser) WebAuthnDisplayName() string                { return u.Name }
func (u asUser) WebAuthnCredentials() []webauthn.Credential { return u.keys }

func records(list []Credential) ([]webauthn.Credential, error) {
	out := make([]webauthn.Credential, len(list))
	for i, c := range list {
		if json.Unmarshal(c, &out[i]) != nil {
			return nil, ErrAnswer
		}
	}
	return out, nil
}

// AskNew asks for a new key of a holder who has some already. options is what
// navigator.credentials.create takes (its publicKey, base64url for bytes).
func (p *Party) AskNew(h Holder, have []Credential) (options, pending []byte, err error) {
	keys, err := records(have)
	if err != nil {
		return nil, nil, err
	}
	creation, session, err := p.web.BeginRegistration(asUser{Holder: h},
		webauthn.WithCredentialParameters(algorithms), webauthn.WithExclusions(webauthn.Credentials(keys).CredentialDescriptors()))
	if err != nil {
		return nil, nil, fmt.Errorf("passkey: %w", err)
	}
	return both(creation, session)
}

// Added takes the answer to AskNew and gives the record to keep. The error is
// ErrAnswer.
func (p *Party) Added(pending, answer []byte) (Credential, error) {
	session, err := waiting(pending, answer)
	if err != nil {
		return nil, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return nil, ErrAnswer
	}
	made, err := p.web.CreateCredential(asUser{Holder: Holder{Handle: string(session.UserID)}}, session, parsed)
	if err != nil {
		return nil, ErrAnswer
	}
	if _, err := publicKey(made.PublicKey); err != nil {
		return nil, err
	}
	return keep(made)
}

// Ask asks for any key of this party that the device has.
func (p *Party) Ask() (options, pending []byte, err error) {
	assertion, session, err := p.web.BeginDiscoverableLogin()
	if err != nil {
		return nil, nil, fmt.Errorf("passkey: %w", err)
	}
	return both(assertion, session)
}

// AskToSign asks one of a holder's keys to sign a digest of 32 bytes: it is the
// challenge.
func (p *Party) AskToSign(digest []byte, h Holder, keys []Credential) (options, pending []byte, err error) {
	list, err := records(keys)
	if err != nil || len(list) == 0 {
		return nil, nil, ErrAnswer
	}
	assertion, session, err := p.web.BeginLogin(asUser{Holder: h, keys: list}, webauthn.WithChallenge(digest))
	if err != nil {
		return nil, nil, fmt.Errorf("passkey: %w", err)
	}
	session.AllowedCredentialIDs = nil // Used is told which keys it may find
	return both(assertion, session)
}

// An Answer is what a key gave, checked.
type Answer struct {
	// Record is to be kept in the place of the one before: its counter and flags
	// are those of this answer.
	Record Credential
	// Signature is what was signed, for whoever checks it later.
	Signature Signature
	// Moved says that the key is now kept elsewhere too (backed up, copied to other
	// devices), or no longer is.
	Moved bool
}

// A Signature is what a passkey signed: SHA-256 of ClientData after AuthData
// (WebAuthn §6.3.3). It names neither the holder nor the key.
type Signature struct {
	ClientData, AuthData, Signature []byte
}

// Used takes the answer to Ask or AskToSign. find gives the record of a key by its
// identifier and holder, nil when there is none; the work is then the same. The
// error is ErrAnswer, ErrCopied, ErrChanged, or find's.
func (p *Party) Used(pending, answer []byte, find func(id, handle []byte) (Credential, error)) (Answer, error) {
	session, err := waiting(pending, answer)
	if err != nil {
		return Answer{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return Answer{}, ErrAnswer
	}
	handle := parsed.Response.UserHandle
	if len(session.UserID) > 0 { // known before: the device need not say it again
		handle = session.UserID
	}
	raw, err := find(parsed.RawID, handle)
	if err != nil {
		return Answer{}, err
	}
	before := webauthn.Credential{ID: parsed.RawID, PublicKey: p.nobody}
	if raw != nil && json.Unmarshal(raw, &before) != nil {
		return Answer{}, ErrAnswer
	}
	// The library refuses a key that changed before one can tell it from a wrong
	// signature; so its flag is compared here, when the signature holds.
	now := before
	now.Flags.BackupEligible = parsed.Response.AuthenticatorData.Flags.HasBackupEligible()
	session.UserID = handle
	after, err := p.web.ValidateLogin(asUser{Holder: Holder{Handle: string(handle)}, keys: []webauthn.Credential{now}}, session, parsed)
	switch {
	case err != nil || raw == nil:
		return Answer{}, ErrAnswer
	case now.Flags.BackupEligible != before.Flags.BackupEligible:
		return Answer{}, ErrChanged
	case after.Authenticator.CloneWarning:
		return Answer{}, ErrCopied
	}
	record, err := keep(after)
	return Answer{
		Record: record, Moved: after.Flags.BackupState != before.Flags.BackupState,
		Signature: Signature{
			ClientData: parsed.Raw.AssertionResponse.ClientDataJSON, AuthData: parsed.Raw.AssertionResponse.AuthenticatorData,
			Signature: parsed.Raw.AssertionResponse.Signature,
		},
	}, err
}

// keep writes a record whole.
func keep(c *webauthn.Credential) (Credential, error) {
	raw, err := json.Marshal(c)
	if err != nil {
		return nil, ErrAnswer
	}
	return raw, nil
}

// both writes what is asked and what is pending.
func both(options any, session *webauthn.SessionData) ([]byte, []byte, error) {
	asked, err := json.Marshal(options)
	if err != nil {
		return nil, nil, fmt.Errorf("passkey: %w", err)
	}
	pending, err := json.Marshal(session)
	if err != nil {
		return nil, nil, fmt.Errorf("passkey: %w", err)
	}
	return asked, pending, nil
}

// waiting reads what is pending for an answer that is not too large.
func waiting(pending, answer []byte) (webauthn.SessionData, error) {
	var s webauthn.SessionData
	if len(answer) > MaxAnswer || bytes.IndexByte(answer, 0) >= 0 || json.Unmarshal(pending, &s) != nil {
		return s, ErrAnswer
	}
	return s, nil
}
