package consent

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent/personal"
)

// How a program comes in: it proves who it is with a signed assertion (RFC 7523),
// is given a token for a few minutes that is bound to a key (RFC 9449), and proves
// with each request that it holds that key. Signatures are verified at the door;
// here it is decided who is let in, and that nothing is taken twice.
//
// Tokens are random and kept as keyed hashes, like sessions. A signed token would
// have to be looked up all the same, to be refused at once when its program is
// closed; and a random one has no form that somebody could forge or misread.

// An Access is a token of a program, kept by its keyed hash.
type Access struct {
	Hash    string // hex
	Program ProgramID
	Bound   string // RFC 7638 thumbprint of the key that it is bound to
	Scopes  []charter.Scope
	Until   time.Time
}

func (r *Access) Bucket() string { return "access" }
func (r *Access) Key() string    { return r.Hash }

// A Spent row says that a proof was used: an assertion or a DPoP proof, by the
// SHA-256 of whose it was and its jti. It is kept until nobody takes it any more.
type Spent struct {
	Hash  string // hex
	Until time.Time
}

func (r *Spent) Bucket() string { return "spent" }
func (r *Spent) Key() string    { return r.Hash }

const (
	// accessLife is how long a token of a program opens something.
	accessLife = 5 * time.Minute
	// proofLife is how long a DPoP proof is remembered: longer than any is taken.
	proofLife = 3 * time.Minute
)

// A HeldKey is a verified DPoP proof: the sender of a request holds a key.
type HeldKey struct {
	Thumbprint string // of the key, RFC 7638
	ID         string // jti of the proof, to be used once
}

// A ProgramProof is a verified assertion, with the DPoP proof that came with it.
type ProgramProof struct {
	Client string // whom it speaks of, as ProgramKeys was asked
	ID     string // jti of the assertion, to be used once
	Until  time.Time
	Held   HeldKey
	Scopes []charter.Scope // wanted; empty means all that the program has
}

// A Granted token, shown once.
type Granted struct {
	Token  personal.Token
	Space  string // slug of its space: the two, with a dot between, are the access token
	Scopes []charter.Scope
	Life   time.Duration
}

// ProgramKeys gives the public keys of a program as a JWK Set, to verify what it
// signed with. An unknown client is *SignInNeeded, as one that proves nothing is.
func (r *Register) ProgramKeys(ctx context.Context, client string) ([]byte, error) {
	s, id, err := r.clientOf(ctx, client)
	if err != nil {
		return nil, err
	}
	p := &Program{}
	err = r.rec.View(ctx, s, func(tx Tx, _ time.Time) error {
		*p = Program{ID: id}
		return need(tx, p, "program")
	})
	if _, missing := errors.AsType[*NotFound](err); missing {
		return nil, &SignInNeeded{Reason: "program"}
	}
	if err != nil {
		return nil, err
	}
	return p.keySet()
}

// clientOf reads a client identifier. What is not of its form, or of a space that
// is not there, is *SignInNeeded.
func (r *Register) clientOf(ctx context.Context, client string) (audit.Space, ProgramID, error) {
	slug, rest, _ := strings.Cut(client, ".")
	id, err := ParseProgramID(rest)
	if err != nil {
		return audit.Space{}, "", &SignInNeeded{Reason: "program"}
	}
	s, err := r.structureSpace(ctx, slug)
	return s, id, err
}

// structureSpace finds the space of a structure for a program or its token.
func (r *Register) structureSpace(ctx context.Context, slug string) (audit.Space, error) {
	if !slugForm.MatchString(slug) || slug == RegisterSlug {
		return audit.Space{}, &SignInNeeded{Reason: "program"}
	}
	s, err := r.space(ctx, slug)
	if _, missing := errors.AsType[*NotFound](err); missing {
		return s, &SignInNeeded{Reason: "program"}
	}
	return s, err
}

// SignInProgram gives a token to a program that proved who it is. The assertion
// and the proof are used up by the same transaction. The errors are *SignInNeeded
// ("program" for an assertion that was used, "proof" for a DPoP proof that was),
// *Invalid for scopes that the program does not have, and *Refused for a program
// that is closed.
func (r *Register) SignInProgram(ctx context.Context, c Call, p ProgramProof) (Granted, error) {
	s, id, err := r.clientOf(ctx, p.Client)
	if err != nil {
		return Granted{}, err
	}
	token := personal.NewToken()
	var scopes []charter.Scope
	a := Actor{kind: program, space: s, program: id, signingIn: true, call: c}
	_, err = r.record(ctx, a, func(t *turn) error {
		row := &Program{ID: id}
		if err := need(t.tx, row, "program"); err != nil {
			return err
		}
		if scopes = inOrder(p.Scopes); len(scopes) == 0 {
			scopes = row.Scopes
		}
		for _, s := range scopes {
			if !slices.Contains(row.Scopes, s) {
				return &Invalid{Pointer: "/scope", Reason: "scope"}
			}
		}
		if err := spend(t.tx, t.at, "program", "assertion "+string(id), p.ID, p.Until.Add(time.Minute)); err != nil {
			return err
		}
		if err := spend(t.tx, t.at, "proof", "proof "+p.Held.Thumbprint, p.Held.ID, t.at.Add(proofLife)); err != nil {
			return err
		}
		row.Seen = t.at
		t.enter(audit.Entry{Act: audit.ProgramLogin, On: []string{string(id)}})
		return putAll(t.tx, row, &Access{
			Hash: r.tokenHash(token), Program: id, Bound: p.Held.Thumbprint, Scopes: scopes, Until: t.at.Add(accessLife),
		})
	})
	if err != nil {
		return Granted{}, err
	}
	return Granted{Token: token, Space: s.Slug(), Scopes: scopes, Life: accessLife}, nil
}

// spend uses a proof up: what was used before is *SignInNeeded for the reason.
func spend(tx Tx, at time.Time, reason, whose, id string, until time.Time) error {
	sum := sha256.Sum256([]byte(whose + "\n" + id))
	row := &Spent{Hash: hex.EncodeToString(sum[:])}
	found, err := tx.Get(row)
	if err != nil {
		return err
	}
	if found && at.Before(row.Until) {
		return &SignInNeeded{Reason: reason}
	}
	row.Until = until
	return tx.Put(row)
}

// ProgramSignedIn finds the actor of a program's token, and uses the proof up that
// came with it. The errors are *SignInNeeded: "program" for a token that is
// unknown, over, or bound to another key; "proof" for a proof that was used
// before. Whether the program is still open, and may ask for this, is decided
// inside each use-case's transaction.
func (r *Register) ProgramSignedIn(ctx context.Context, token string, held HeldKey) (Actor, error) {
	slug, secret, _ := strings.Cut(token, ".")
	parsed, err := personal.ParseToken(secret)
	if err != nil {
		return Actor{}, &SignInNeeded{Reason: "program"}
	}
	s, err := r.structureSpace(ctx, slug)
	if err != nil {
		return Actor{}, err
	}
	x := &Access{}
	err = r.rec.Keep(ctx, s, func(tx Tx, at time.Time) error {
		*x = Access{Hash: r.tokenHash(parsed)}
		found, err := tx.Get(x)
		if err != nil {
			return err
		}
		bound := subtle.ConstantTimeCompare([]byte(x.Bound), []byte(held.Thumbprint)) == 1
		if !found || !at.Before(x.Until) || !bound {
			return &SignInNeeded{Reason: "program"}
		}
		return spend(tx, at, "proof", "proof "+held.Thumbprint, held.ID, at.Add(proofLife))
	})
	if err != nil {
		return Actor{}, err
	}
	return Actor{kind: program, space: s, program: x.Program, scopes: x.Scopes}, nil
}
