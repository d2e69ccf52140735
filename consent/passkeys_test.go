package consent_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"aval/audit"
	"aval/charter"
	"aval/consent"
	"aval/consent/passkey"
	"aval/consent/personal"
)

// A device holds one passkey, as a telephone or a security key does.
type device struct {
	w     *world
	at    *passkey.Party
	rp    virtualwebauthn.RelyingParty
	auth  virtualwebauthn.Authenticator
	key   virtualwebauthn.Credential
	added consent.PasskeyID
}

const staffURL = "https://registre.test:8443"

func (w *world) party() *passkey.Party {
	w.t.Helper()
	at, err := passkey.At(staffURL, "register.test")
	w.must(err)
	return at
}

func (w *world) device(kind virtualwebauthn.KeyType) *device {
	w.t.Helper()
	return &device{
		w: w, at: w.party(), rp: virtualwebauthn.RelyingParty{Name: "register.test", ID: "registre.test", Origin: staffURL},
		auth: virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{BackupEligible: true}),
		key:  newKey(kind),
	}
}

// newKey makes a key. The library writes a coordinate that begins with a zero one
// byte short, which no device does: such a key is made again.
func newKey(kind virtualwebauthn.KeyType) virtualwebauthn.Credential {
	const whole = 77 // bytes of a COSE key on P-256
	for {
		key := virtualwebauthn.NewCredential(kind)
		if kind != virtualwebauthn.KeyTypeEC2 || len(key.Key.AttestationData()) == whole {
			return key
		}
	}
}

// made answers what was asked for a new key.
func (d *device) made(asked consent.Asked) []byte {
	d.w.t.Helper()
	options, err := virtualwebauthn.ParseAttestationOptions(string(asked.Options))
	d.w.must(err)
	d.auth.Options.UserHandle = []byte(options.UserID)
	return []byte(virtualwebauthn.CreateAttestationResponse(d.rp, d.auth, d.key, *options))
}

// answers what was asked of a key.
func (d *device) answers(asked consent.Asked) []byte {
	d.w.t.Helper()
	options, err := virtualwebauthn.ParseAssertionOptions(string(asked.Options))
	d.w.must(err)
	return []byte(virtualwebauthn.CreateAssertionResponse(d.rp, d.auth, d.key, *options))
}

// enrol adds the device's key to an actor's account.
func (d *device) enrol(a consent.Actor) {
	d.w.t.Helper()
	asked, err := d.w.reg.AskNewPasskey(d.w.ctx, a, d.at)
	d.w.must(err)
	d.added, err = d.w.reg.AddPasskey(d.w.ctx, a, d.at, asked.Ceremony, d.made(asked), clean(d.w.t, "Téléphone du bureau"))
	d.w.must(err)
	d.auth.Options.UserHandle = []byte(d.w.account(a.Member()))
}

// account is the account of a member, from the row.
func (w *world) account(id consent.MemberID) consent.AccountID {
	w.t.Helper()
	var account consent.AccountID
	for _, s := range must1(w.reg.Spaces(w.ctx)) {
		m := &consent.Member{ID: id}
		w.must(w.rec.View(w.ctx, s, func(tx consent.Tx, _ time.Time) error {
			found, err := tx.Get(m)
			if found {
				account = m.Account
			}
			return err
		}))
	}
	return account
}

func must1[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (d *device) signIn(running personal.Token) (consent.Welcome, error) {
	d.w.t.Helper()
	asked, err := d.w.reg.AskPasskey(d.w.ctx, d.at)
	d.w.must(err)
	return d.w.reg.SignInByPasskey(d.w.ctx, consent.Call{Request: consent.NewRequestID()}, d.at, asked.Ceremony, d.answers(asked), running)
}

func (d *device) enter() consent.Actor {
	d.w.t.Helper()
	in, err := d.signIn(personal.Token{})
	d.w.must(err)
	return d.w.signedIn(in.Session)
}

// fails tries to sign in where nothing may come of it but a reason.
func (d *device) fails(name, reason string) {
	d.w.t.Helper()
	before := dumped(d.w.t, d.w.db).in("session")
	in, err := d.signIn(personal.Token{})
	if signInNeeded(err) != reason || in.Session.Reveal() != "" {
		d.w.t.Errorf("%s: got %v, want %s", name, err, reason)
	}
	if after := dumped(d.w.t, d.w.db).in("session"); len(after) != len(before) {
		d.w.t.Errorf("%s: there is a session more", name)
	}
}

// A link lets a helper in for the first time; from then on their key does, whatever
// its kind, with no link by anybody.
func TestPasskeysSignIn(t *testing.T) {
	for name, kind := range map[string]virtualwebauthn.KeyType{"ES256": virtualwebauthn.KeyTypeEC2, "RS256": virtualwebauthn.KeyTypeRSA} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			referent := w.structure("ccas")
			session := w.session(w.invite(referent, charter.SocialWorker))
			helper := w.signedIn(session)
			d := w.device(kind)
			d.enrol(helper)
			if e := w.last("ccas"); e.Act != audit.HelperKeyAdded || !slices.Equal(e.On, []string{string(helper.Member()), string(d.added), "link"}) {
				t.Errorf("the structure's log says %+v", e.Entry)
			}
			if e := w.last("register"); e.Act != audit.HelperKeyAdded {
				t.Errorf("the register's log says %+v", e.Entry)
			}

			w.clock.add(11 * time.Hour)
			in, err := d.signIn(personal.Token{})
			w.must(err)
			a := w.signedIn(in.Session)
			if in.Space != "ccas" || in.How != consent.ByPasskey || in.LinkBy != "" || a.Member() != helper.Member() || a.LinkBy() != "" {
				t.Errorf("welcomed %+v", in)
			}
			if e := w.last("ccas"); e.Act != audit.HelperLogin || !slices.Equal(e.On, []string{string(helper.Member()), "passkey"}) {
				t.Errorf("the structure's log says %+v", e.Entry)
			}
			keys, err := w.reg.Passkeys(w.ctx, a)
			w.must(err)
			if len(keys) != 1 || !keys[0].Used.Equal(w.clock.now()) || !keys[0].Added.Equal(start) {
				t.Errorf("the keys are %+v", keys)
			}
			names, err := w.reg.PasskeyNames(w.ctx, a)
			w.must(err)
			if names[d.added].Reveal() != "Téléphone du bureau" {
				t.Error("the key's name is not what was given")
			}
			if e := w.last("register"); e.Act != audit.PersonListed || e.By != string(w.account(a.Member())) {
				t.Errorf("the register's log says %+v", e.Entry)
			}
		})
	}
}

// What one device answers is used once, for what it was asked, where it was asked,
// within 5 minutes, by somebody who showed the device that it is them.
func TestPasskeyAnswersHoldOnce(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	helper := w.signedIn(w.session(w.invite(referent, charter.SocialWorker)))
	d := w.device(virtualwebauthn.KeyTypeEC2)
	d.enrol(helper)
	ask := func() consent.Asked {
		asked, err := w.reg.AskPasskey(w.ctx, d.at)
		w.must(err)
		return asked
	}
	try := func(ceremony consent.CeremonyID, answer []byte) error {
		_, err := w.reg.SignInByPasskey(w.ctx, consent.Call{}, d.at, ceremony, answer, personal.Token{})
		return err
	}
	asked := ask()
	answer := d.answers(asked)
	w.must(try(asked.Ceremony, answer))

	wrong := map[string]func() error{
		"the same again":      func() error { return try(asked.Ceremony, answer) },
		"for another asking":  func() error { return try(ask().Ceremony, answer) },
		"for no asking":       func() error { return try("", answer) },
		"a long name":         func() error { return try(consent.CeremonyID(strings.Repeat("x", 5000)), answer) },
		"nothing":             func() error { return try(ask().Ceremony, nil) },
		"another's structure": func() error { return try(ask().Ceremony, []byte(`{"id":"AAAA","rawId":"AAAA","type":"public-key"}`)) },
		"too late": func() error {
			late := ask()
			w.clock.add(5 * time.Minute)
			return try(late.Ceremony, d.answers(late))
		},
		"after a wrong answer": func() error {
			once := ask()
			if signInNeeded(try(once.Ceremony, answer)) != "sign_in" {
				t.Error("an old answer held")
			}
			return try(once.Ceremony, d.answers(once))
		},
		"as a new key": func() error {
			fresh, err := w.reg.AskNewPasskey(w.ctx, w.letIn("ccas", helper.Member()), d.at)
			w.must(err)
			return try(fresh.Ceremony, d.answers(ask()))
		},
	}
	for name, change := range map[string]func(*device){
		"from another origin":    func(d *device) { d.rp.Origin = "https://registre.test" },
		"from another port":      func(d *device) { d.rp.Origin = "https://registre.test:9443" },
		"from a page over http":  func(d *device) { d.rp.Origin = "http://registre.test:8443" },
		"for another host":       func(d *device) { d.rp.ID = "evil.test" },
		"without verification":   func(d *device) { d.auth.Options.UserNotVerified = true },
		"without presence":       func(d *device) { d.auth.Options.UserNotPresent = true },
		"by another's key":       func(d *device) { d.key.Key = newKey(virtualwebauthn.KeyTypeEC2).Key },
		"by an unknown key":      func(d *device) { d.key = newKey(virtualwebauthn.KeyTypeEC2) },
		"for nobody":             func(d *device) { d.auth.Options.UserHandle = nil },
		"for another's account":  func(d *device) { d.auth.Options.UserHandle = []byte(w.account(referent.Member())) },
		"for somebody malformed": func(d *device) { d.auth.Options.UserHandle = []byte("a_/../passkey") },
		"backed up, but not so":  func(d *device) { d.auth.Options.BackupEligible, d.auth.Options.BackupState = false, true },
	} {
		wrong[name] = func() error {
			other := *d
			change(&other)
			asked := ask()
			return try(asked.Ceremony, other.answers(asked))
		}
	}
	for name, try := range wrong {
		if err := try(); signInNeeded(err) != "sign_in" || err.Error() != "sign-in needed: sign_in" {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.must(w.reg.NoteFailures(w.ctx))
	if e := w.last("register"); e.Counts["sign_ins"] != int64(len(wrong)+1) {
		t.Errorf("counted %v, want %d", e.Counts, len(wrong)+1)
	}
}

// A new key is asked of one session and added in it, within 5 minutes of a sign-in,
// and under a name that says nothing it should not.
func TestPasskeyIsAddedByItsHolder(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	helper := w.signedIn(w.session(w.invite(referent, charter.SocialWorker)))
	other := w.signedIn(w.session(w.invite(referent, charter.Secretary)))
	d := w.device(virtualwebauthn.KeyTypeEC2)
	name := clean(t, "Clé USB")
	asked, err := w.reg.AskNewPasskey(w.ctx, helper, d.at)
	w.must(err)
	for _, said := range []string{"Fatou", "Diallo"} {
		if strings.Contains(string(asked.Options), said) {
			t.Error("the device is told the helper's name")
		}
	}
	wrong := func(err error) bool { return err != nil && strings.HasPrefix(err.Error(), "invalid ") }
	if _, err := w.reg.AddPasskey(w.ctx, other, d.at, asked.Ceremony, d.made(asked), name); !wrong(err) {
		t.Errorf("in the session of somebody else: %v", err)
	}
	if _, err := w.reg.AddPasskey(w.ctx, helper, d.at, asked.Ceremony, d.made(asked), name); !wrong(err) {
		t.Errorf("after it was tried elsewhere: %v", err)
	}
	asked, err = w.reg.AskNewPasskey(w.ctx, helper, d.at)
	w.must(err)
	unverified := *d
	unverified.auth.Options.UserNotVerified = true
	if _, err := w.reg.AddPasskey(w.ctx, helper, d.at, asked.Ceremony, unverified.made(asked), name); !wrong(err) {
		t.Errorf("without verification: %v", err)
	}
	asked, err = w.reg.AskNewPasskey(w.ctx, helper, d.at)
	w.must(err)
	w.clock.add(4 * time.Minute)
	late := w.clock.now()
	w.clock.add(90 * time.Second)
	if _, err := w.reg.AddPasskey(w.ctx, helper, d.at, asked.Ceremony, d.made(asked), name); !wrong(err) {
		t.Errorf("after %s: %v", w.clock.now().Sub(late), err)
	}
	if _, err := w.reg.AskNewPasskey(w.ctx, helper, d.at); signInNeeded(err) != "step_up" {
		t.Errorf("asked long after the sign-in: %v", err)
	}
	if n := len(dumped(t, w.db).in("passkey")); n != 0 {
		t.Errorf("%d keys are kept", n)
	}
	helper = w.letIn("ccas", helper.Member())
	for range 10 {
		w.device(virtualwebauthn.KeyTypeEC2).enrol(helper)
	}
	if _, err := w.reg.AskNewPasskey(w.ctx, helper, d.at); err == nil || err.Error() != "conflict: passkeys_full" {
		t.Errorf("an eleventh key: %v", err)
	}
}

// A second key opens as well; a removed one opens nothing, and its sessions end.
func TestSecondAndRemovedPasskey(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	helper := w.signedIn(w.session(w.invite(referent, charter.SocialWorker)))
	first, second := w.device(virtualwebauthn.KeyTypeEC2), w.device(virtualwebauthn.KeyTypeEC2)
	first.enrol(helper)
	second.enrol(first.enter())
	lost, err := second.signIn(personal.Token{})
	w.must(err)
	a := first.enter()
	w.clock.add(6 * time.Minute)
	w.unchanged(func() {
		if err := w.reg.RemovePasskey(w.ctx, a, second.added); signInNeeded(err) != "step_up" {
			t.Errorf("removed long after the sign-in: %v", err)
		}
		if err := w.reg.RemovePasskey(w.ctx, referent, second.added); !isNotFound(err) {
			t.Errorf("removed by somebody else: %v", err)
		}
	})
	a = first.enter()
	w.must(w.reg.RemovePasskey(w.ctx, a, second.added))
	second.fails("the removed key", "sign_in")
	if _, err := w.reg.SignedIn(w.ctx, lost.Session); signInNeeded(err) != "session" {
		t.Errorf("a session of the removed key goes on: %v", err)
	}
	first.enter()
	if e := w.lines("ccas"); !slices.ContainsFunc(e, func(l audit.Line) bool {
		return l.Detail.Act == audit.HelperKeyRemoved && slices.Equal(l.Detail.On, []string{string(helper.Member()), string(second.added)})
	}) {
		t.Error("the structure's log does not say that the key was removed")
	}
}

// A step-up by key carries the session on, under another token.
func TestPasskeyStepsUp(t *testing.T) {
	w := newWorld(t)
	helper := w.signedIn(w.session(w.invite(w.structure("ccas"), charter.SocialWorker)))
	d := w.device(virtualwebauthn.KeyTypeEC2)
	d.enrol(helper)
	in, err := d.signIn(personal.Token{})
	w.must(err)
	w.clock.add(15 * time.Minute)
	if _, err := w.reg.SignedIn(w.ctx, in.Session); signInNeeded(err) != "step_up" {
		t.Fatalf("a session left alone: %v", err)
	}
	again, err := d.signIn(in.Session)
	w.must(err)
	if !again.SteppedUp || !again.Expires.Equal(in.Expires) || !w.signedIn(again.Session).MaySign(w.clock.now()) {
		t.Errorf("stepped up: %+v", again)
	}
	if _, err := w.reg.SignedIn(w.ctx, in.Session); signInNeeded(err) != "session" {
		t.Errorf("the token before: %v", err)
	}
}

// A counter that goes back means that there may be two of the key: neither opens
// anything, and whoever holds one is told. One that says all of a sudden that it
// can be copied is refused too; one that was copied since, as it may be, is not.
func TestCopiedAndChangedPasskeys(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	helper := w.signedIn(w.session(w.invite(referent, charter.SocialWorker)))
	d := w.device(virtualwebauthn.KeyTypeEC2)
	d.key.Counter = 7
	d.enrol(helper)
	d.auth.Options.BackupState = true
	d.key.Counter = 8
	d.enter()

	changed := *d
	changed.auth.Options.BackupEligible, changed.auth.Options.BackupState = false, false
	changed.key.Counter = 9
	changed.fails("a key that changed its nature", "passkey_changed")
	if e := w.last("register"); e.Act != audit.HelperKeyRefused || e.Out != audit.Refused || !slices.Contains(e.On, "passkey_changed") {
		t.Errorf("the log says %+v", e.Entry)
	}
	d.key.Counter = 9
	d.enter()

	d.fails("a counter that stands still", "passkey_copied")
	d.key.Counter = 100
	d.fails("the copy that is ahead", "passkey_copied")
	forged := *d
	forged.key.Key = newKey(virtualwebauthn.KeyTypeEC2).Key
	forged.fails("somebody who has no key", "sign_in") // learns nothing
	if e := w.last("register"); e.Act != audit.HelperKeyRefused || !slices.Contains(e.On, string(d.added)) {
		t.Errorf("the log says %+v", e.Entry)
	}
}

// Who lost their device comes back through the referent, who says how it was
// checked that it is them: the lost key opens nothing, and a new one does.
func TestLostDevice(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	helper := w.signedIn(w.session(w.invite(referent, charter.SocialWorker)))
	kept, lost := w.device(virtualwebauthn.KeyTypeEC2), w.device(virtualwebauthn.KeyTypeEC2)
	kept.enrol(helper)
	lost.enrol(helper)
	thief, err := lost.signIn(personal.Token{})
	w.must(err)
	for pointer, l := range map[string]consent.Loss{
		"/why":     {Why: "dog", Checked: "face_to_face"},
		"/checked": {Why: "lost"},
	} {
		if _, err := w.reg.Readmit(w.ctx, referent, helper.Member(), l); err == nil || !strings.HasPrefix(err.Error(), "invalid "+pointer) {
			t.Errorf("%s: %v", pointer, err)
		}
	}
	loss := consent.Loss{Why: "stolen", Checked: "called_back", Keys: []consent.PasskeyID{lost.added}}
	size := w.size("ccas")
	_, err = w.reg.Readmit(w.ctx, w.helper(referent, charter.SocialWorker), helper.Member(), loss)
	if _, refused := asRefusal(err); !refused {
		t.Errorf("by a colleague: %v", err)
	}
	elsewhere := w.structure("mds")
	if _, err := w.reg.Readmit(w.ctx, elsewhere, helper.Member(), loss); !isNotFound(err) {
		t.Errorf("by the referent of another structure: %v", err)
	}
	stranger := w.device(virtualwebauthn.KeyTypeEC2)
	if _, err := w.reg.Readmit(w.ctx, referent, helper.Member(), consent.Loss{
		Why: "lost", Checked: "called_back", Keys: []consent.PasskeyID{stranger.added},
	}); !isNotFound(err) {
		t.Errorf("a key that is not theirs: %v", err)
	}

	invite, err := w.reg.Readmit(w.ctx, referent, helper.Member(), loss)
	w.must(err)
	var said []string
	for _, l := range w.lines("ccas")[size:] {
		if l.Detail.Act == audit.HelperKeyRemoved {
			said = l.Detail.On
		}
	}
	if want := []string{string(helper.Member()), "stolen", "called_back", string(lost.added)}; !slices.Equal(said, want) {
		t.Errorf("the log says %v, want %v", said, want)
	}
	lost.fails("the lost key", "sign_in")
	if _, err := w.reg.SignedIn(w.ctx, thief.Session); signInNeeded(err) != "session" {
		t.Errorf("the session of the lost key: %v", err)
	}
	kept.enter()
	w.clock.add(24*time.Hour - time.Microsecond)
	w.device(virtualwebauthn.KeyTypeEC2).enrol(w.enter(invite.Token))
}

// A key opens the structures that it was introduced to: the one where it was added,
// and one that its holder joins by it. Of two, its holder chooses, and chooses anew
// when they like; where they are closed it opens nothing.
func TestPasskeyOpensWhatItWasIntroducedTo(t *testing.T) {
	w := newWorld(t)
	ccas, mds := w.structure("ccas"), w.structure("mds")
	helper := w.helper(ccas, charter.SocialWorker)
	one, other := w.device(virtualwebauthn.KeyTypeEC2), w.device(virtualwebauthn.KeyTypeEC2)
	one.enrol(helper)
	other.enrol(helper)
	joined, err := w.reg.JoinStructure(w.ctx, one.enter(), w.invite(mds, charter.DigitalMediator))
	w.must(err)
	there := joined.Member
	if a := other.enter(); a.SpaceSlug() != "ccas" {
		t.Errorf("a key that was not at hand opened %s", a.SpaceSlug())
	}
	in, err := one.signIn(personal.Token{})
	w.must(err)
	if in.Space != "" || !in.Expires.Equal(w.clock.now().Add(5*time.Minute)) {
		t.Errorf("of two structures, %q was chosen", in.Space)
	}
	if _, err := w.reg.SignedIn(w.ctx, in.Session); signInNeeded(err) != "space" {
		t.Errorf("before the choice: %v", err)
	}
	choices, err := w.reg.Choices(w.ctx, in.Session)
	w.must(err)
	if len(choices) != 2 || choices[0].Slug != "ccas" || choices[1].Slug != "mds" || choices[0].Here || choices[1].Here {
		t.Errorf("the choice is %v", choices)
	}
	chosen, err := w.reg.ChooseSpace(w.ctx, consent.Call{}, in.Session, there)
	w.must(err)
	if a := w.signedIn(chosen.Session); a.SpaceSlug() != "mds" || a.Member() != there {
		t.Errorf("chose mds, got %s", a.SpaceSlug())
	}
	if e := w.last("mds"); e.Act != audit.HelperLogin || !slices.Equal(e.On, []string{string(there), "passkey"}) {
		t.Errorf("the log of mds says %+v", e.Entry)
	}
	if _, err := w.reg.SignedIn(w.ctx, in.Session); signInNeeded(err) != "session" {
		t.Errorf("the session without a space goes on: %v", err)
	}
	switched, err := w.reg.ChooseSpace(w.ctx, consent.Call{}, chosen.Session, helper.Member())
	w.must(err)
	if _, err := w.reg.SignedIn(w.ctx, chosen.Session); signInNeeded(err) != "session" || w.signedIn(switched.Session).SpaceSlug() != "ccas" {
		t.Errorf("switching: %v", err)
	}
	if up, err := one.signIn(switched.Session); err != nil || !up.SteppedUp || up.Space != "ccas" {
		t.Errorf("a step-up stays where it is: %+v, %v", up, err)
	}
	late, err := one.signIn(personal.Token{})
	w.must(err)
	w.clock.add(5 * time.Minute)
	if _, err := w.reg.ChooseSpace(w.ctx, consent.Call{}, late.Session, helper.Member()); signInNeeded(err) != "session" {
		t.Errorf("a choice after 5 minutes: %v", err)
	}
	w.must(w.reg.CloseHelper(w.ctx, w.again(ccas), helper.Member()))
	other.fails("closed where it opens", "sign_in")
	if a := one.enter(); a.SpaceSlug() != "mds" {
		t.Errorf("closed in ccas, the key opened %s", a.SpaceSlug())
	}
	w.must(w.reg.CloseHelper(w.ctx, w.again(mds), there))
	one.fails("closed in both", "sign_in")
}

func TestAddressesOfPasskeys(t *testing.T) {
	for url, want := range map[string]string{
		"https://registre.example.fr":      "registre.example.fr",
		"https://Registre.Example.fr:8443": "registre.example.fr",
		"http://localhost:8080":            "localhost",
		"https://registre":                 "", // the library knows no such name
		"https://192.168.1.4":              "",
		"https://[2001:db8::1]:8443":       "",
		"http://127.0.0.1:8080":            "",
		"https://registre.local":           "",
		"https://registre.LOCAL:8443":      "",
		"http://registre.example.fr":       "",
		"ftp://registre.example.fr":        "",
		"registre.example.fr":              "",
		"":                                 "",
	} {
		at, err := passkey.At(url, "register.test")
		if (err == nil) != (want != "") || err == nil && at.ID() != want {
			t.Errorf("%q: %v", url, err)
		}
	}
}
