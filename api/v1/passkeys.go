package v1

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"time"

	"aval/charter/screen"
	"aval/consent"
	"aval/consent/passkey"
)

func asked(a consent.Asked) (Asked, error) {
	v := Asked{Ceremony: string(a.Ceremony)}
	return v, json.Unmarshal(a.Options, &v.Options)
}

func welcome(w consent.Welcome) SignedIn {
	return SignedIn{
		Bearer: w.Session.Reveal(), Expires: w.Expires, How: SignedInHow(w.How), Space: w.Space, SteppedUp: w.SteppedUp,
		Choose: w.Space == "",
	}
}

// answerOf reads what a browser gave.
func answerOf(text string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, &consent.Invalid{Pointer: "/answer", Reason: "passkey_answer"}
	}
	return raw, nil
}

// holder finds the member who asks, and the register as browsers know it.
func (a *API) holder(ctx context.Context) (consent.Actor, *passkey.Party, error) {
	actor, err := a.asks(ctx)
	if err == nil && actor.Member() == "" {
		err = &consent.SignInNeeded{Reason: "session"} // a program holds no key of this kind
	}
	if err != nil {
		return consent.Actor{}, nil, err
	}
	at, err := a.d.Party()
	return actor, at, err
}

// AskPasskey asks for a passkey to sign in with.
func (a *API) AskPasskey(ctx context.Context, _ AskPasskeyRequestObject) (AskPasskeyResponseObject, error) {
	made, err := a.d.AskPasskey(ctx, visit(ctx))
	if err != nil {
		return nil, err
	}
	v, err := asked(made)
	return AskPasskey200JSONResponse(v), err
}

// SignInByPasskey signs in, or steps up.
func (a *API) SignInByPasskey(ctx context.Context, q SignInByPasskeyRequestObject) (SignInByPasskeyResponseObject, error) {
	answer, err := answerOf(q.Body.Answer)
	if err != nil {
		return nil, err
	}
	w, err := a.d.SignInByPasskey(ctx, visit(ctx), q.Body.Ceremony, answer)
	if err != nil {
		return nil, err
	}
	return SignInByPasskey200JSONResponse(welcome(w)), nil
}

// Structures lists those that the session may be of.
func (a *API) Structures(ctx context.Context, _ StructuresRequestObject) (StructuresResponseObject, error) {
	list, err := a.d.Choices(ctx, visit(ctx))
	if err != nil {
		return nil, err
	}
	v := Structures200JSONResponse{Structures: make([]Choice, len(list))}
	for i, c := range list {
		v.Structures[i] = Choice{Member: MemberId(c.Member), Space: c.Slug, Name: c.Name, Here: c.Here}
	}
	return v, nil
}

// ChooseStructure says for which structure the session works.
func (a *API) ChooseStructure(ctx context.Context, q ChooseStructureRequestObject) (ChooseStructureResponseObject, error) {
	w, err := a.d.ChooseSpace(ctx, visit(ctx), consent.MemberID(q.Body.Member))
	if err != nil {
		return nil, err
	}
	return ChooseStructure200JSONResponse(welcome(w)), nil
}

func (a *API) passkeyViews(list []*consent.Passkey) []Passkey {
	views := make([]Passkey, len(list))
	for i, k := range list {
		views[i] = Passkey{Id: PasskeyId(k.ID), Added: k.Added, Used: k.Used, Copied: !k.Copied.IsZero()}
		if key, err := passkey.Credential(k.Record).Read(); err == nil {
			views[i].Synced = key.Synced
		}
	}
	return views
}

// Passkeys lists one's own keys, without names.
func (a *API) Passkeys(ctx context.Context, _ PasskeysRequestObject) (PasskeysResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	list, err := a.register().Passkeys(ctx, actor)
	if err != nil {
		return nil, err
	}
	return Passkeys200JSONResponse{Passkeys: a.passkeyViews(list)}, nil
}

// NamePasskeys shows what one calls one's own keys.
func (a *API) NamePasskeys(ctx context.Context, _ NamePasskeysRequestObject) (NamePasskeysResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	names, err := a.register().PasskeyNames(ctx, actor)
	if err != nil {
		return nil, err
	}
	list, err := a.register().Passkeys(ctx, actor)
	if err != nil {
		return nil, err
	}
	views := a.passkeyViews(list)
	for i := range views {
		views[i].Name = names[consent.PasskeyID(views[i].Id)].Reveal()
	}
	return NamePasskeys200JSONResponse{Passkeys: views}, nil
}

// AskNewPasskey asks for a new key.
func (a *API) AskNewPasskey(ctx context.Context, _ AskNewPasskeyRequestObject) (AskNewPasskeyResponseObject, error) {
	actor, at, err := a.holder(ctx)
	if err != nil {
		return nil, err
	}
	made, err := a.register().AskNewPasskey(ctx, actor, at)
	if err != nil {
		return nil, err
	}
	v, err := asked(made)
	return AskNewPasskey200JSONResponse(v), err
}

// AddPasskey adds the key that was made.
func (a *API) AddPasskey(ctx context.Context, q AddPasskeyRequestObject) (AddPasskeyResponseObject, error) {
	actor, at, err := a.holder(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := answerOf(q.Body.Answer)
	if err != nil {
		return nil, err
	}
	clean, err := a.d.Screen(ctx, actor, q.Body.Name.Field("name", screen.Name, 60))
	if err != nil {
		return nil, err
	}
	id, err := a.register().AddPasskey(ctx, actor, at, consent.CeremonyID(q.Body.Ceremony), answer, clean[0])
	if err != nil {
		return nil, err
	}
	return AddPasskey201JSONResponse{Id: PasskeyId(id)}, nil
}

// RemovePasskey removes one's own key.
func (a *API) RemovePasskey(ctx context.Context, q RemovePasskeyRequestObject) (RemovePasskeyResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.register().RemovePasskey(ctx, actor, consent.PasskeyID(q.Passkey)); err != nil {
		return nil, err
	}
	return RemovePasskey204Response{}, nil
}

// HelperPasskeys lists a member's keys.
func (a *API) HelperPasskeys(ctx context.Context, q HelperPasskeysRequestObject) (HelperPasskeysResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	list, err := a.register().MemberPasskeys(ctx, actor, consent.MemberID(q.Helper))
	if err != nil {
		return nil, err
	}
	return HelperPasskeys200JSONResponse{Passkeys: a.passkeyViews(list)}, nil
}

// ReadmitHelper lets a member in again who lost their device.
func (a *API) ReadmitHelper(ctx context.Context, q ReadmitHelperRequestObject) (ReadmitHelperResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	loss := consent.Loss{Why: consent.LossReason(q.Body.Why), Checked: consent.IdentityCheck(q.Body.Checked)}
	for _, id := range q.Body.Passkeys {
		loss.Keys = append(loss.Keys, consent.PasskeyID(id))
	}
	made, err := a.register().Readmit(ctx, actor, consent.MemberID(q.Helper), loss)
	if err != nil {
		return nil, err
	}
	return ReadmitHelper201JSONResponse(a.invitation(made)), nil
}

// Sessions lists one's own sessions.
func (a *API) Sessions(ctx context.Context, _ SessionsRequestObject) (SessionsResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	list, err := a.register().Sessions(ctx, actor)
	if err != nil {
		return nil, err
	}
	v := Sessions200JSONResponse{Sessions: make([]Session, len(list))}
	for i, s := range list {
		v.Sessions[i] = Session{
			Id: SessionId(s.ID), Opened: s.Opened, Used: s.Seen, Proven: s.StepUp, How: SessionHow(s.By), LinkBy: s.LinkBy,
			Here: actor.Current(s.ID), Until: s.Opened.Add(10 * time.Hour),
		}
	}
	return v, nil
}

// EndSession ends one of one's own sessions.
func (a *API) EndSession(ctx context.Context, q EndSessionRequestObject) (EndSessionResponseObject, error) {
	actor, err := a.asks(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.register().EndSession(ctx, actor, consent.SessionID(q.Session)); err != nil {
		return nil, err
	}
	return EndSession204Response{}, nil
}
