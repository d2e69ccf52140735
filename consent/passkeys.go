package consent

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent/passkey"
	"aval/consent/personal"
)

// Passkeys are of an account, in the register's space. Each opens the members that
// it was introduced to: a key added with a link of one structure opens that
// structure, and no other that its holder works for.

// A Passkey is one key of an account. The record of WebAuthn is clear: a public
// key, a counter and flags, made for this register alone, lead to a pseudonym and
// nowhere else, and are needed before anybody is there to open a box for. What its
// holder calls it is sealed under the account's key.
type Passkey struct {
	ID      PasskeyID
	Account AccountID
	Members []MemberID
	Record  json.RawMessage // of package passkey
	Name    personal.Sealed
	Added   time.Time
	Used    time.Time
	Copied  time.Time // its counter went back then: it opens nothing any more
}

func (r *Passkey) Bucket() string { return "passkey" }
func (r *Passkey) Key() string    { return string(r.Account) + "/" + string(r.ID) }

// maxPasskeys is how many keys an account has at most.
const maxPasskeys = 10

// passkeyID makes a key's identifier from the one that its device gave it.
func passkeyID(raw []byte) PasskeyID {
	sum := sha256.Sum256(raw)
	return PasskeyID("k_" + base32Lower.EncodeToString(sum[:16]))
}

func passkeyRecord(id PasskeyID) string { return "passkey:" + string(id) }

// A Ceremony is what waits for the answer of a browser: used once, and for 5
// minutes at most. It belongs to one session, or to nobody who signs in.
type Ceremony struct {
	ID      CeremonyID // when it ends, then random: the oldest come first
	What    ceremonyKind
	Session SessionID
	Mandate MandateID
	Pending json.RawMessage
	Expires time.Time
}

func (r *Ceremony) Bucket() string { return "ceremony" }
func (r *Ceremony) Key() string    { return string(r.ID) }

// A CeremonyID names what a browser was asked; it opens nothing.
type CeremonyID string

type ceremonyKind string

const (
	adding     ceremonyKind = "add"
	signingIn  ceremonyKind = "sign_in"
	signingFor ceremonyKind = "sign"
)

const ceremonyLife = 5 * time.Minute

// Asked is what a browser is asked: Options for navigator.credentials, and the
// ceremony that its answer names.
type Asked struct {
	Ceremony CeremonyID
	Options  json.RawMessage
}

// ask keeps a ceremony, and takes a few that are over away.
func (r *Register) ask(ctx context.Context, c Ceremony, options []byte) (Asked, error) {
	random := rand.Text()
	err := r.rec.Keep(ctx, registerSpace, func(tx Tx, at time.Time) error {
		c.Expires = at.Add(ceremonyLife)
		c.ID = CeremonyID(fixedTime(c.Expires) + "-" + random)
		var over []*Ceremony
		err := each(tx, "", func(old *Ceremony) error {
			if at.Before(old.Expires) || len(over) == 8 {
				return StopScan
			}
			over = append(over, old)
			return nil
		})
		if err != nil {
			return err
		}
		for _, old := range over {
			if err := tx.Delete(old); err != nil {
				return err
			}
		}
		return tx.Put(&c)
	})
	return Asked{Ceremony: c.ID, Options: options}, err
}

// take gives what waits for an answer and takes it away, whatever the answer is
// worth. One that is unknown, used, over, of another kind or of another session
// gives nothing.
func (r *Register) take(ctx context.Context, what ceremonyKind, id CeremonyID, s SessionID) (*Ceremony, error) {
	var taken *Ceremony
	err := r.rec.Keep(ctx, registerSpace, func(tx Tx, at time.Time) error {
		taken = nil
		c := &Ceremony{ID: id}
		if id == "" || len(id) > 100 {
			return nil
		}
		found, err := tx.Get(c)
		if err != nil || !found {
			return err
		}
		if c.What == what && c.Session == s && at.Before(c.Expires) {
			taken = c
		}
		return tx.Delete(c)
	})
	return taken, err
}

// AskPasskey asks for any passkey of the register that the browser has. It tells
// nothing about anybody, so nobody need be signed in.
func (r *Register) AskPasskey(ctx context.Context, at *passkey.Party) (Asked, error) {
	options, pending, err := at.Ask()
	if err != nil {
		return Asked{}, err
	}
	return r.ask(ctx, Ceremony{What: signingIn, Pending: pending}, options)
}

// SignInByPasskey signs in (see signIn) with the answer to AskPasskey, or steps the
// running session up. What is wrong with an answer is not told: *SignInNeeded
// "sign_in", but for the holder of a right key that may have been copied
// ("passkey_copied") or is no longer what it was ("passkey_changed").
func (r *Register) SignInByPasskey(ctx context.Context, c Call, at *passkey.Party, ceremony CeremonyID, answer []byte, running personal.Token) (Welcome, error) {
	waits, err := r.take(ctx, signingIn, ceremony, "")
	if err != nil {
		return Welcome{}, err
	}
	if waits == nil {
		r.failures.signIns.Add(1)
		return Welcome{}, &SignInNeeded{Reason: "sign_in"}
	}
	var key *Passkey
	w, err := r.signIn(ctx, c, running, func(t *turn) (arrival, error) {
		var err error
		key, _, err = t.usePasskey(at, waits.Pending, answer)
		if err != nil {
			return arrival{}, err
		}
		return arrival{account: key.Account, how: ByPasskey, key: key.ID, reach: key.Members, rows: []Record{key}}, nil
	})
	return w, r.passkeyFault(ctx, key, err)
}

// usePasskey checks an answer against the key that gave it, as it is now, and gives
// the key as it is after. With an error of the key itself, the key is given too.
func (t *turn) usePasskey(at *passkey.Party, pending, answer []byte) (*Passkey, passkey.Signature, error) {
	var key *Passkey
	used, err := at.Used(pending, answer, func(id, handle []byte) (passkey.Credential, error) {
		k := &Passkey{Account: AccountID(handle), ID: passkeyID(id)}
		if !validID("a_", string(k.Account)) {
			return nil, nil
		}
		found, err := t.tx.Get(k)
		if err != nil || !found {
			return nil, err
		}
		key = k
		return passkey.Credential(k.Record), nil
	})
	switch {
	case errors.Is(err, passkey.ErrAnswer):
		return nil, passkey.Signature{}, &SignInNeeded{Reason: "sign_in"}
	case err != nil:
		return key, passkey.Signature{}, err
	case !key.Copied.IsZero():
		return key, passkey.Signature{}, passkey.ErrCopied
	}
	key.Record, key.Used = json.RawMessage(used.Record), t.at
	return key, used.Signature, nil
}

// passkeyFault enters that a right key is refused, and says so. A key that may have
// been copied opens nothing from now on: nobody can tell which of the two is theirs.
func (r *Register) passkeyFault(ctx context.Context, key *Passkey, err error) error {
	var why *SignInNeeded
	copied := errors.Is(err, passkey.ErrCopied)
	switch {
	case copied:
		why = &SignInNeeded{Reason: "passkey_copied"}
	case errors.Is(err, passkey.ErrChanged):
		why = &SignInNeeded{Reason: "passkey_changed"}
	default:
		if _, wrong := errors.AsType[*SignInNeeded](err); wrong {
			r.failures.signIns.Add(1)
		}
		return err
	}
	_, err = r.record(ctx, Actor{kind: system, space: registerSpace}, func(t *turn) error {
		now := &Passkey{Account: key.Account, ID: key.ID}
		if err := need(t.tx, now, "passkey"); err != nil {
			return err
		}
		t.enter(audit.Entry{
			Act: audit.HelperKeyRefused, On: []string{string(key.Account), string(key.ID), why.Reason}, Out: audit.Refused,
		})
		if !copied || !now.Copied.IsZero() {
			return nil
		}
		now.Copied = t.at
		return t.tx.Put(now)
	})
	if err != nil {
		return err
	}
	return why
}

// passkeysOf are the keys of an account that open a member.
func passkeysOf(tx Tx, a AccountID, m MemberID) ([]*Passkey, error) {
	var list []*Passkey
	err := each(tx, string(a)+"/", func(k *Passkey) error {
		if slices.Contains(k.Members, m) {
			list = append(list, k)
		}
		return nil
	})
	return list, err
}

// Passkeys lists the keys that open the actor's member, the oldest first, without
// the names that their holder gave them.
func (r *Register) Passkeys(ctx context.Context, a Actor) (list []*Passkey, err error) {
	if err := a.sits(); err != nil {
		return nil, err
	}
	return r.keysOf(ctx, a.account, a.member)
}

func (r *Register) keysOf(ctx context.Context, account AccountID, m MemberID) (list []*Passkey, err error) {
	err = r.rec.View(ctx, registerSpace, func(tx Tx, _ time.Time) error {
		list, err = passkeysOf(tx, account, m)
		return err
	})
	sortByTime(list, func(k *Passkey) time.Time { return k.Added })
	return list, err
}

// PasskeyNames opens what the actor calls their keys. It is an entry in the
// register's own log.
func (r *Register) PasskeyNames(ctx context.Context, a Actor) (map[PasskeyID]personal.Text, error) {
	if err := a.sits(); err != nil {
		return nil, err
	}
	var list []*Passkey
	passes, err := r.record(ctx, a.holder(), func(t *turn) error {
		var err error
		if list, err = passkeysOf(t.tx, a.account, a.member); err != nil {
			return err
		}
		e := audit.Entry{Act: audit.PersonListed}
		for _, k := range list {
			e.Fields = append(e.Fields, string(a.account)+":"+passkeyRecord(k.ID))
		}
		t.enter(e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	names := make(map[PasskeyID]personal.Text, len(list))
	for _, k := range list {
		name, err := personal.Open[personal.Name](ctx, r.keys, passes[0], personal.Owner(k.Account), passkeyRecord(k.ID), 1, k.Name)
		if err != nil {
			return nil, err
		}
		names[k.ID] = name.Display
	}
	return names, nil
}

// AskNewPasskey asks the actor's browser for a new key, within 5 minutes of a
// sign-in. Beside it, the holder's device shows the structure's name and the
// member's pseudonym, and keeps them: no name of a person.
func (r *Register) AskNewPasskey(ctx context.Context, a Actor, at *passkey.Party) (Asked, error) {
	me, structure, err := r.Self(ctx, a)
	if err != nil {
		return Asked{}, err
	}
	now, err := r.now(ctx, registerSpace)
	if err != nil {
		return Asked{}, err
	}
	if !a.MaySign(now) {
		return Asked{}, &SignInNeeded{Reason: "step_up"}
	}
	have, err := r.keysOf(ctx, a.account, a.member)
	if err != nil {
		return Asked{}, err
	}
	if len(have) >= maxPasskeys {
		return Asked{}, &Conflict{Reason: "passkeys_full"}
	}
	options, pending, err := at.AskNew(passkey.Holder{
		Handle: string(a.account), Name: structure.Name.String() + " · " + string(me.ID[:8]),
	}, credentials(have))
	if err != nil {
		return Asked{}, err
	}
	return r.ask(ctx, Ceremony{What: adding, Session: a.session, Pending: pending}, options)
}

func credentials(keys []*Passkey) []passkey.Credential {
	list := make([]passkey.Credential, len(keys))
	for i, k := range keys {
		list[i] = passkey.Credential(k.Record)
	}
	return list
}

// AddPasskey adds the key that answers AskNewPasskey to the actor's account, under
// the name they give it. It opens what the sign-in that added it opened.
func (r *Register) AddPasskey(ctx context.Context, a Actor, at *passkey.Party, ceremony CeremonyID, answer []byte, name screen.Clean) (PasskeyID, error) {
	if err := a.sits(); err != nil {
		return "", err
	}
	if name.String() == "" {
		return "", &Invalid{Pointer: "/name", Reason: "empty"}
	}
	waits, err := r.take(ctx, adding, ceremony, a.session)
	if err != nil {
		return "", err
	}
	if waits == nil {
		return "", &Invalid{Pointer: "/ceremony", Reason: "passkey_late"}
	}
	record, err := at.Added(waits.Pending, answer)
	if err != nil {
		return "", &Invalid{Pointer: "/answer", Reason: "passkey_answer"}
	}
	made, err := record.Read()
	if err != nil {
		return "", &Invalid{Pointer: "/answer", Reason: "passkey_answer"}
	}
	key := Passkey{ID: passkeyID(made.ID), Account: a.account, Members: a.reach, Record: json.RawMessage(record)}
	sealing, err := r.keys.SealingKey(ctx, registerSpace, personal.Owner(a.account), personal.KeyAccount)
	if err != nil {
		return "", err
	}
	if key.Name, err = personal.Seal(r.keys, sealing, passkeyRecord(key.ID), 1, personal.Name{Display: personal.NewText(name)}); err != nil {
		return "", err
	}
	_, err = r.record(ctx, a, func(t *turn) error {
		if err := t.onlyMember(audit.HelperKeyAdded); err != nil {
			return err
		}
		if err := t.fresh(); err != nil {
			return err
		}
		t.enter(audit.Entry{Act: audit.HelperKeyAdded, On: []string{string(t.me.ID), string(key.ID), string(a.how)}})
		return t.send(registerSpace, addPasskey, key)
	})
	if err != nil {
		return "", err
	}
	return key.ID, r.Relay(ctx, a.space)
}

func (t *turn) applyAddPasskey(k Passkey) error {
	t.enter(audit.Entry{Act: audit.HelperKeyAdded, On: []string{string(k.Account), string(k.ID)}})
	k.Added, k.Used = t.at, t.at
	return t.tx.Put(&k)
}

// RemovePasskey removes a key of the actor's for good, within 5 minutes of a
// sign-in, and ends the sessions that it opened.
func (r *Register) RemovePasskey(ctx context.Context, a Actor, id PasskeyID) error {
	have, err := r.Passkeys(ctx, a)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(have, func(k *Passkey) bool { return k.ID == id }) {
		return &NotFound{Kind: "passkey"}
	}
	_, err = r.record(ctx, a, func(t *turn) error {
		if err := t.onlyMember(audit.HelperKeyRemoved); err != nil {
			return err
		}
		if err := t.fresh(); err != nil {
			return err
		}
		t.enter(audit.Entry{Act: audit.HelperKeyRemoved, On: []string{string(t.me.ID), string(id)}})
		return t.send(registerSpace, dropPasskey, dropPasskeyBody{Account: a.account, Keys: []PasskeyID{id}})
	})
	if err != nil {
		return err
	}
	return r.Relay(ctx, a.space)
}

type dropPasskeyBody struct {
	Account AccountID
	Keys    []PasskeyID
	// Member is the one that a referent takes the keys from; none means that their
	// holder removes them altogether.
	Member MemberID
}

// applyDropPasskey takes keys away, and ends the sessions that came by them.
func (t *turn) applyDropPasskey(b dropPasskeyBody) error {
	var rows []Record
	for _, id := range b.Keys {
		k := &Passkey{Account: b.Account, ID: id}
		found, err := t.tx.Get(k)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		left := slices.DeleteFunc(slices.Clone(k.Members), func(m MemberID) bool { return m == b.Member })
		if k.Members = left; b.Member == "" || len(left) == 0 {
			rows = append(rows, removed{k})
		} else {
			rows = append(rows, k)
		}
	}
	err := each(t.tx, "", func(s *Session) error {
		if s.Account == b.Account && slices.Contains(b.Keys, s.Passkey) && (b.Member == "" || s.Space.Member == b.Member) {
			rows = append(rows, removed{s})
		}
		return nil
	})
	if err != nil {
		return err
	}
	on := []string{string(b.Account)}
	for _, id := range b.Keys {
		on = append(on, string(id))
	}
	t.enter(audit.Entry{Act: audit.HelperKeyRemoved, On: on})
	return t.writeAll(rows...)
}

// MemberPasskeys lists the keys of a member of the referent's structure, without
// names.
func (r *Register) MemberPasskeys(ctx context.Context, a Actor, id MemberID) ([]*Passkey, error) {
	m := &Member{ID: id}
	may, err := r.may(ctx, a, charter.Facts{Operation: charter.OpOpenMember})
	if err != nil {
		return nil, err
	}
	err = r.view(ctx, a, func(tx Tx, _ time.Time) error { return need(tx, m, "member") })
	if err != nil {
		return nil, err
	}
	if !may {
		return nil, r.refuseKeys(ctx, a)
	}
	return r.keysOf(ctx, m.Account, m.ID)
}

// refuseKeys enters that the charter does not let the actor see who has keys.
func (r *Register) refuseKeys(ctx context.Context, a Actor) error {
	_, err := r.record(ctx, a, func(t *turn) error {
		if err := t.onlyReferent(audit.HelperKeyRemoved, charter.OpOpenMember); err != nil {
			return err
		}
		return &Conflict{Reason: "changed_meanwhile"}
	})
	return err
}

// A Loss is why a member comes back with a new link, and how the referent made sure
// that it is them who asks: a voice on the telephone can be anybody's.
type Loss struct {
	Why     LossReason
	Checked IdentityCheck
	// Keys are those to remove; empty means all of the member's.
	Keys []PasskeyID
}

// LossReason is why a key is removed by a referent.
type LossReason string

// LossReasons are the reasons there are.
var LossReasons = []LossReason{"lost", "stolen", "broken", "replaced"}

// IdentityCheck is how a referent made sure who asks.
type IdentityCheck string

// IdentityChecks are the ways to make sure.
var IdentityChecks = []IdentityCheck{"face_to_face", "called_back", "colleague_vouches"}

// Readmit lets a member of the referent's structure in again who lost their device:
// the lost keys go, sessions that came by them end, and a new link enrols another,
// within 24 hours. Why, and how it was checked who asks, stand in the log.
func (r *Register) Readmit(ctx context.Context, a Actor, id MemberID, l Loss) (Invitation, error) {
	if !slices.Contains(LossReasons, l.Why) {
		return Invitation{}, &Invalid{Pointer: "/why", Reason: "loss_reason"}
	}
	if !slices.Contains(IdentityChecks, l.Checked) {
		return Invitation{}, &Invalid{Pointer: "/checked", Reason: "identity_check"}
	}
	have, err := r.MemberPasskeys(ctx, a, id)
	if err != nil {
		return Invitation{}, err
	}
	lost, err := theLost(have, l.Keys)
	if err != nil {
		return Invitation{}, err
	}
	token := personal.NewToken()
	_, err = r.record(ctx, a, func(t *turn) error {
		if err := t.onlyReferent(audit.HelperKeyRemoved, charter.OpOpenMember); err != nil {
			return err
		}
		m := &Member{ID: id}
		if err := need(t.tx, m, "member"); err != nil {
			return err
		}
		if !m.Closed.IsZero() {
			return &Conflict{Reason: "member_closed"}
		}
		on := []string{string(id), string(l.Why), string(l.Checked)}
		for _, key := range lost {
			on = append(on, string(key))
		}
		t.enter(audit.Entry{Act: audit.HelperKeyRemoved, On: on})
		t.enter(audit.Entry{Act: audit.HelperLinked, On: []string{string(id)}})
		err := t.send(registerSpace, dropPasskey, dropPasskeyBody{Account: m.Account, Keys: lost, Member: id})
		if err != nil {
			return err
		}
		return t.send(registerSpace, makeLink, Link{
			Hash: r.tokenHash(token), Account: m.Account, Purpose: Enrol, By: a.by(), Space: t.membership(id),
		})
	})
	if err != nil {
		return Invitation{}, err
	}
	return Invitation{Member: id, Token: token}, r.Relay(ctx, a.space)
}

// theLost are the keys to remove: those named, which the member must have, or all.
func theLost(have []*Passkey, named []PasskeyID) ([]PasskeyID, error) {
	all := make([]PasskeyID, len(have))
	for i, k := range have {
		all[i] = k.ID
	}
	if len(named) == 0 {
		return all, nil
	}
	for i, id := range named {
		if !slices.Contains(all, id) || slices.Contains(named[:i], id) {
			return nil, &NotFound{Kind: "passkey"}
		}
	}
	return named, nil
}
