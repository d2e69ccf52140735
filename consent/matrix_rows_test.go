package consent_test

import (
	"io"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
)

// What leans on a mandate in force is told, for each of its states.
var inForce = map[string]string{
	"none": "C02 mandate_missing", "draft": "C02 mandate_not_signed", "proposed": "C02 mandate_not_signed",
	"signed": "C02 mandate_not_accepted", "accepted": "C06 copy_not_delivered",
	"expired": "C04 mandate_expired", "revoked": "C07 mandate_revoked", "renounced": "C02 mandate_renounced",
}

// over is told for what has ended.
var over = map[string]string{"expired": "C04 mandate_expired", "revoked": "C07 mandate_revoked", "renounced": "C02 mandate_renounced"}

// with adds states to others.
func with(states map[string]string, more ...string) map[string]string {
	all := map[string]string{}
	for k, v := range states {
		all[k] = v
	}
	for i := 0; i < len(more); i += 2 {
		all[more[i]] = more[i+1]
	}
	return all
}

// noMandate is the answer to a question about a mandate that does not exist.
func noMandate(states map[string]string) map[string]string { return with(states, "none", "not found") }

// matrix is the table. A letter is one role; see matrix_test.go.
// atDesk is what those answer who sit at no desk.
var atDesk = map[who]string{holder: "sign in: session", operator: "sign in: session", software: "sign in: session", kin: "not found"}

func matrix() []row {
	notFound := map[who]string{holder: "not found"}
	signIn := map[who]string{holder: "sign in: session", operator: "sign in: session", software: "sign in: session"}
	// Lists of clear rows: no holder of a card, nobody who is hosted.
	lists := map[who]string{holder: "sign in: session", kin: "not found"}
	all := "SBVKRDA"
	seen := func(use string, do func(*cell) error) row {
		return row{use: use, seen: true, noID: true, refused: lists, do: do}
	}
	governs := map[who]string{
		holder: "not found", operator: "C21 actor_not_allowed", kin: "C16 hosted_only",
	}
	byCard := func(use string, act audit.Action, do func(*cell) error) row {
		others := map[who]string{nobody: "", operator: "not found"}
		for letter := range memberRoles {
			others[letter] = "not found"
		}
		return row{use: use, may: "C", noID: true, refused: others, act: act, do: do}
	}
	const (
		act     = charter.PurposeActUnderMandate
		follow  = charter.PurposeFollowUp
		prepare = charter.PurposePrepareMandate
	)
	return append(secretRows(governs, seen), []row{
		// Mandates, from the draft to the end.
		{use: "DraftMandate", may: "SBV", adhere: true, role: "C16 role_mode", act: audit.MandateProposed, do: func(c *cell) error {
			ask := terms(c.person, papers)
			ask.Supersession = charter.SupersessionKeep
			return second(c.reg.DraftMandate(c.ctx, c.a, ask))
		}},
		{
			use: "ProposeMandate", may: "SBV", adhere: true, role: "C16 role_mode", act: audit.MandateProposed,
			before: map[string]string{
				"none": "not found", "proposed": "conflict: not_draft", "signed": "conflict: not_draft", "accepted": "conflict: not_draft",
				"active": "conflict: not_draft", "expired": "conflict: not_draft", "revoked": "conflict: not_draft", "renounced": "conflict: not_draft",
			},
			do: func(c *cell) error {
				return second(c.reg.ProposeMandate(c.ctx, c.a, c.id(), consent.Explained{Lang: "fr", Aid: "read_aloud"}))
			},
		},
		{
			use: "SignMandate", may: "SBVRC", adhere: true, act: audit.MandateSigned, before: noMandate(nil),
			state: with(over, "draft", "conflict: not_proposed", "signed", "conflict: not_proposed", "accepted", "conflict: not_proposed", "active", "conflict: not_proposed"),
			do: func(c *cell) error {
				return second(c.reg.SignMandate(c.ctx, c.a, c.id(), consent.Agreement{Type: charter.PaperOriginal, PaperPlace: clean(c.t, "Classeur")}))
			},
		},
		{
			use: "AcceptMandate", may: "SBVK", adhere: true, role: "C16 role_mission", act: audit.MandateAccepted, before: noMandate(nil),
			state: with(over, "draft", "C02 mandate_not_signed", "proposed", "C02 mandate_not_signed", "accepted", "conflict: not_signed", "active", "conflict: not_signed"),
			do:    func(c *cell) error { return second(c.reg.AcceptMandate(c.ctx, c.a, c.id())) },
		},
		{
			use: "DeliverMandate", may: "SBVR", adhere: true, act: audit.MandateActivated, before: noMandate(nil),
			state: with(over, "draft", "C02 mandate_not_signed", "proposed", "C02 mandate_not_signed", "signed", "conflict: not_accepted", "active", "conflict: not_accepted"),
			do:    func(c *cell) error { return second(c.reg.DeliverMandate(c.ctx, c.a, c.id(), "print")) },
		},
		{
			use: "RevokeMandate", may: all + "C", act: audit.MandateRevoked, before: noMandate(nil),
			state: map[string]string{"expired": "conflict: already_ended", "revoked": "conflict: already_ended", "renounced": "conflict: already_ended"},
			do:    func(c *cell) error { return second(c.reg.RevokeMandate(c.ctx, c.a, c.id(), consent.Scope{})) },
		},
		{
			use: "RenounceMandate", may: "SBVKR", act: audit.MandateRenounced, before: noMandate(nil), state: over,
			do: func(c *cell) error { return second(c.reg.RenounceMandate(c.ctx, c.a, c.id())) },
		},
		{
			use: "IssueCheck", may: "SBVC", adhere: true, act: audit.CheckIssued, before: noMandate(nil),
			state: map[string]string{
				"draft": "conflict: not_accepted", "proposed": "conflict: not_accepted", "signed": "conflict: not_accepted", "accepted": "conflict: not_accepted",
			},
			do: func(c *cell) error { return second(c.reg.IssueCheck(c.ctx, c.a, c.id(), "caf")) },
		},
		{use: "Mandate", may: "P", seen: true, do: func(c *cell) error { return second(c.reg.Mandate(c.ctx, c.a, c.id())) }},
		{use: "MandateByRef", may: "P", seen: true, refused: lists, do: func(c *cell) error { return second(c.reg.MandateByRef(c.ctx, c.a, c.ref)) }},
		{
			use: "Mandates", as: "of a person", may: "P", seen: true, refused: map[who]string{holder: "sign in: session", kin: "ok"},
			do: func(c *cell) error {
				_, _, err := c.reg.Mandates(c.ctx, c.a, c.person, consent.Page{Limit: 10})
				return err
			},
		},
		{use: "Mandates", as: "of all", may: "P", seen: true, noID: true, refused: map[who]string{holder: "sign in: session"}, do: func(c *cell) error {
			list, _, err := c.reg.Mandates(c.ctx, c.a, "", consent.Page{Limit: 10})
			for _, m := range list {
				if c.who == kin && m.ID != c.own.ID {
					c.t.Error("a relative lists somebody else's mandate")
				}
			}
			return err
		}},
		{
			use: "MandateDocument", may: "SBVKRD", purpose: "SBVK", adhere: true, role: "C16 role_mission", act: audit.MandateRead,
			before: map[string]string{
				"none": "not found", "draft": "conflict: not_accepted", "proposed": "conflict: not_accepted", "signed": "conflict: not_accepted",
			}, state: inForce,
			do: func(c *cell) error { return second(c.reg.MandateDocument(c.ctx, c.a, c.id(), follow)) },
		},
		{
			use: "MandateOpening", may: "SBVKRDC", purpose: "SBVK", adhere: true, role: "C16 role_mission", act: audit.PersonExported,
			before: noMandate(nil), state: inForce,
			do: func(c *cell) error { return second(c.reg.MandateOpening(c.ctx, c.a, c.id(), act)) },
		},
		{
			use: "MandateSheet", may: "SBVKRDC", purpose: "SBVK", adhere: true, act: audit.MandateRead, before: noMandate(nil), state: over,
			kinState: with(over, "draft", "C02 mandate_not_signed", "proposed", "C02 mandate_not_signed"),
			do: func(c *cell) error {
				if c.who == homeHelp && c.mandateState == "active" { // the one state in which the mandate's powers count
					c.row.role = "C16 role_mission"
				} else {
					c.row.role = ""
				}
				return second(c.reg.MandateSheet(c.ctx, c.a, c.id(), prepare))
			},
		},
		{
			use: "ShowScan", seen: true, refused: signIn,
			do: func(c *cell) error {
				err := second(c.reg.ShowScan(c.ctx, c.a, c.id(), smallPicture))
				if _, conflict := err.(*consent.Conflict); conflict != (c.mandateState != "proposed") && (err == nil || conflict) {
					c.t.Errorf("mandate %s: %v", c.mandateState, err)
				} else if conflict {
					return nil
				}
				return err
			},
		},
		{
			use: "MandateScan", may: "SBVKRDC", purpose: "R", adhere: true, act: audit.MandateRead, before: noMandate(nil),
			state: map[string]string{
				"draft": "not found", "proposed": "not found", "signed": "not found", "accepted": "not found", "active": "not found",
				"expired": "not found", "revoked": "not found", "renounced": "not found",
			},
			do: func(c *cell) error {
				return second(c.reg.MandateScan(c.ctx, c.a, c.id(), charter.PurposeReferentReview))
			},
		},

		// Help.
		{
			use: "Cover", may: "SBVKRP", roles: "R", adhere: true, answers: true, state: inForce, role: "C16 role_mode", act: audit.MandateStatusChecked,
			do: func(c *cell) error {
				ans, err := c.reg.Cover(c.ctx, c.a, consent.Question{Member: c.behalf(), Person: c.person, Want: papers})
				if err == nil && !ans.Covered {
					err = &errNo{string(ans.Rule), ans.Reason}
				}
				return err
			},
		},
		{
			use: "RecordAct", may: "SBVKP", adhere: true, state: inForce, role: "C16 role_mode", act: audit.ActRecorded,
			do: func(c *cell) error {
				return second(c.reg.RecordAct(c.ctx, c.a, consent.NewAct{
					Member: c.behalf(), Person: c.person, Did: papers, Reason: "cannot_read", Channel: charter.ChannelPersonSession, Credential: charter.EntryPerson,
					Outcome: "waiting",
				}))
			},
		},
		{
			use: "Acts", may: "SBVKRD", purpose: "SBVK", adhere: true, state: inForce, role: "C16 role_mission", act: audit.MandateRead,
			do: func(c *cell) error { return second(c.reg.Acts(c.ctx, c.a, c.person, follow)) },
		},
		{
			use: "Referrals", may: "SBVKRD", purpose: "SBVK", adhere: true, state: inForce, role: "C16 role_mission", act: audit.MandateRead,
			do: func(c *cell) error { return second(c.reg.Referrals(c.ctx, c.a, c.person, act)) },
		},
		{
			use: "ReferTo", may: "SBVKRD", purpose: "SBVK", adhere: true, state: inForce, role: "C16 role_mission", roles: "K", act: audit.ReferralMade,
			do: func(c *cell) error { return second(c.reg.ReferTo(c.ctx, c.a, c.person, c.publicPlace())) },
		},
		{use: "CountHelp", noID: true, may: "SBV", adhere: true, act: audit.ActRecorded, do: func(c *cell) error {
			return c.reg.CountHelp(c.ctx, c.a, consent.TallyTrain)
		}},
		{
			use: "StartAppointment", may: "SBVKRD", purpose: "SBVK", adhere: true, quiet: true, idFirst: true, refused: signIn,
			kinState: inForce, do: func(c *cell) error {
				return second(c.reg.StartAppointment(c.ctx, c.a, c.person, act))
			},
		},
		{use: "Appointment", seen: true, noID: true, refused: signIn, do: func(c *cell) error {
			_, err := c.reg.Appointment(c.ctx, c.a)
			if isNotFound(err) { // there is none, which is theirs to know
				err = nil
			}
			return err
		}},
		{use: "EndAppointment", noID: true, always: true, seen: true, refused: signIn, quiet: true, do: func(c *cell) error {
			return c.reg.EndAppointment(c.ctx, c.a)
		}},

		// Persons.
		{use: "RecordPerson", noID: true, may: "SBV", adhere: true, act: audit.PersonCreated, do: func(c *cell) error {
			return second(c.reg.RecordPerson(c.ctx, c.a, consent.PersonData{BirthName: clean(c.t, "Petit"), Birth: "1960"}))
		}},
		{
			use: "UpdateContact", may: "SBVR", purpose: "SBV", adhere: true, idFirst: true, act: audit.PersonUpdated, state: over,
			do: func(c *cell) error {
				c.row.role = ""
				if c.mandateState == "active" {
					c.row.role = "C16 role_mission"
				}
				return c.reg.UpdateContact(c.ctx, c.a, c.person, consent.PersonData{Language: "ar"})
			},
		},
		{
			use: "RevealPerson", as: "to act", may: "SBVKRDC", purpose: "SBVK", adhere: true, state: inForce, role: "C16 role_mission", act: audit.PersonRead,
			do: func(c *cell) error { return c.reveal(c.person, act)(c.a) },
		},
		{
			use: "RevealPerson", as: "to review", may: "SBVKRDC", purpose: "R", adhere: true, act: audit.PersonRead,
			do: func(c *cell) error { return c.reveal(c.person, charter.PurposeReferentReview)(c.a) },
		},
		{
			use: "RevealPerson", as: "to audit", may: "SBVKRDC", purpose: "D", adhere: true, act: audit.PersonRead,
			do: func(c *cell) error { return c.reveal(c.person, charter.PurposeDPOAudit)(c.a) },
		},
		{
			use: "ListNames", may: "SBVKRD", purpose: "SBVK", adhere: true, state: inForce, role: "C16 role_mission", act: audit.PersonListed,
			do: func(c *cell) error {
				return second(c.reg.ListNames(c.ctx, c.a, []consent.PersonID{c.person}, follow))
			},
		},
		{use: "SearchPersons", noID: true, may: "SBVRD", purpose: "SBV", adhere: true, act: audit.PersonSearched, do: func(c *cell) error {
			return second(c.reg.SearchPersons(c.ctx, c.a, consent.Search{Name: clean(c.t, "Morel"), Birth: "1948-03-12", Purpose: prepare}))
		}},
		{use: "Similar", noID: true, may: "SBVRD", purpose: "SBV", adhere: true, act: audit.PersonSearched, do: func(c *cell) error {
			return second(c.reg.Similar(c.ctx, c.a, consent.PersonData{BirthName: clean(c.t, "Morel"), Birth: "1948-03-12"}))
		}},
		{use: "Find", as: "by reference", may: "P", seen: true, refused: lists, do: func(c *cell) error {
			return second(c.reg.Find(c.ctx, c.a, clean(c.t, c.ref), follow))
		}},
		{use: "FindByCard", seen: true, idFirst: true, refused: with2(lists, nobody, "not found"), do: func(c *cell) error {
			return second(c.reg.FindByCard(c.ctx, c.a, c.code))
		}},
		{use: "ForgetPerson", may: "RC", office: true, act: audit.PersonKeyDestroyed, do: func(c *cell) error {
			return second(c.reg.ForgetPerson(c.ctx, c.a, c.person))
		}},
		{use: "IssueCard", may: "SBV", adhere: true, act: audit.CardReissued, do: func(c *cell) error {
			return second(c.reg.IssueCard(c.ctx, c.a, c.person, consent.CardWish{}))
		}},
		{use: "KillCard", may: "SBVRDAC", act: audit.CardKilled, do: func(c *cell) error { return c.reg.KillCard(c.ctx, c.a, c.person) }},
		{use: "NameHelper", may: "SBVC", adhere: true, act: audit.KeyPublished, do: func(c *cell) error {
			return second(c.reg.NameHelper(c.ctx, c.a, consent.Named{Person: c.person, Name: clean(c.t, "Paul Morel"), Role: charter.Relative}))
		}},
		{
			use: "InviteNamed", may: "SBVC", adhere: true, act: audit.HelperLinked, before: noMandate(nil),
			state: map[string]string{
				"draft": "conflict: not_signed", "proposed": "conflict: not_signed", "expired": "conflict: not_signed",
				"revoked": "conflict: not_signed", "renounced": "conflict: not_signed",
			},
			do: func(c *cell) error {
				id := c.id()
				if c.own != nil && !c.elsewhere {
					id = c.own.ID
				}
				return second(c.reg.InviteNamed(c.ctx, c.a, id))
			},
		},
		always(byCard("CardGlance", "", func(c *cell) error { return second(c.reg.CardGlance(c.ctx, c.a)) })),
		byCard("CardPage", audit.PersonPageOpened, func(c *cell) error { return second(c.reg.CardPage(c.ctx, c.a, "1948-03-12")) }),
		byCard("CardStop", audit.MandateRevoked, func(c *cell) error { return second(c.reg.CardStop(c.ctx, c.a)) }),
		byCard("CardStopPart", audit.MandateRevoked, func(c *cell) error {
			return second(c.reg.CardStopPart(c.ctx, c.a, consent.Part{Scope: consent.Scope{Service: "caf"}}))
		}),
		{use: "StopPerson", may: all + "C", act: audit.MandateRevoked, do: func(c *cell) error {
			return second(c.reg.StopPerson(c.ctx, c.a, c.person, consent.Part{}, consent.StopAtDesk))
		}},
		{use: "StopTasks", noID: true, seen: true, refused: map[who]string{holder: "sign in: session", kin: "ok"}, do: func(c *cell) error {
			return second(c.reg.StopTasks(c.ctx, c.a))
		}},
		{use: "StopNews", noID: true, seen: true, refused: map[who]string{holder: "sign in: session", kin: "ok"}, do: func(c *cell) error {
			return second(c.reg.StopNews(c.ctx, c.a))
		}},
		{use: "Stops", seen: true, refused: map[who]string{holder: "sign in: session"}, do: func(c *cell) error {
			return second(c.reg.Stops(c.ctx, c.a, c.person))
		}},
		{use: "Places", noID: true, seen: true, refused: atDesk, do: func(c *cell) error { return second(c.reg.Places(c.ctx, c.a)) }},
		{use: "RequestStop", noID: true, may: "SBVRDA", preview: true, refused: atDesk, act: audit.NoticeSent, do: func(c *cell) error {
			return c.reg.RequestStop(c.ctx, c.a, consent.StopRequest{To: "asso", Name: clean(c.t, "Morel"), Birth: "1948"})
		}},

		// Members and the structure.
		{use: "Adhere", noID: true, may: all, act: audit.HelperAdhered, refused: map[who]string{holder: "not found", operator: "not found"}, do: func(c *cell) error {
			return c.reg.Adhere(c.ctx, c.a, c.reg.Charter().Version(), c.reg.Charter().Digest())
		}},
		{use: "Self", seen: true, noID: true, refused: map[who]string{holder: "sign in: session", operator: "not found"}, do: func(c *cell) error {
			_, _, err := c.reg.Self(c.ctx, c.a)
			return err
		}},
		{use: "AskRight", may: "SBVRDAC", act: audit.RequestMade, do: func(c *cell) error {
			return second(c.reg.AskRight(c.ctx, c.a, c.person, consent.RightCopy))
		}},
		{use: "Rights", seen: true, refused: lists, do: func(c *cell) error { return second(c.reg.Rights(c.ctx, c.a, c.person)) }},
		{use: "OpenRights", noID: true, seen: true, refused: lists, do: func(c *cell) error { return second(c.reg.OpenRights(c.ctx, c.a)) }},
		{use: "SetOwnMail", noID: true, may: all, preview: true, refused: signIn, act: audit.PersonUpdated, do: func(c *cell) error {
			return c.reg.SetOwnMail(c.ctx, c.a, screen.Clean{})
		}},
		{use: "SetOwnName", noID: true, may: all, preview: true, refused: signIn, act: audit.PersonUpdated, do: func(c *cell) error {
			return c.reg.SetOwnName(c.ctx, c.a, clean(c.t, "Camille Grand"))
		}},
		{use: "OpenHelper", noID: true, may: "RO", office: true, act: audit.KeyPublished, do: func(c *cell) error {
			return second(c.reg.OpenHelper(c.ctx, c.a, consent.NewHelper{Name: clean(c.t, "Ami Durand"), Role: charter.Secretary}))
		}},
		{use: "CloseHelper", early: true, may: "RO", office: true, act: audit.HelperClosed, do: func(c *cell) error {
			return c.reg.CloseHelper(c.ctx, c.a, c.member)
		}},
		{use: "MakeLink", early: true, may: "RO", office: true, act: audit.HelperLinked, do: func(c *cell) error {
			return second(c.reg.MakeLink(c.ctx, c.a, c.member))
		}},
		{use: "JoinStructure", noID: true, may: all, always: true, quiet: true, refused: signIn, do: func(c *cell) error {
			return second(c.reg.JoinStructure(c.ctx, c.a, c.invite))
		}},
		// What is one's own: keys and sessions of the account that asks.
		own("Passkeys", func(c *cell) error { return second(c.reg.Passkeys(c.ctx, c.a)) }),
		own("PasskeyNames", func(c *cell) error { return second(c.reg.PasskeyNames(c.ctx, c.a)) }),
		own("Sessions", func(c *cell) error { return second(c.reg.Sessions(c.ctx, c.a)) }),
		own("EndSession", func(c *cell) error { return ownNotFound(c.reg.EndSession(c.ctx, c.a, "n_aaaaaaaaaaaaaaaaaaaaaaaaaa")) }),
		own("RemovePasskey", func(c *cell) error { return ownNotFound(c.reg.RemovePasskey(c.ctx, c.a, "none")) }),
		{use: "MemberPasskeys", may: "RO", office: true, preview: true, refused: lists, do: func(c *cell) error {
			return second(c.reg.MemberPasskeys(c.ctx, c.a, c.member))
		}},
		{use: "Readmit", may: "RO", office: true, preview: true, refused: lists, act: audit.HelperLinked, do: func(c *cell) error {
			return second(c.reg.Readmit(c.ctx, c.a, c.member, consent.Loss{Why: consent.LossReasons[0], Checked: consent.IdentityChecks[0]}))
		}},
		{use: "OpenProgram", noID: true, may: "R", office: true, refused: governs, act: audit.ProgramOpened, do: func(c *cell) error {
			return second(c.reg.OpenProgram(c.ctx, c.a, newProgram(c.t, charter.ScopeCover)))
		}},
		{use: "CloseProgram", early: true, may: "R", office: true, refused: governs, act: audit.ProgramClosed, do: func(c *cell) error {
			return c.reg.CloseProgram(c.ctx, c.a, c.soft)
		}},
		{use: "MemberNames", early: true, may: "SBVRDA", refused: notFound, act: audit.PersonListed, do: func(c *cell) error {
			return second(c.reg.MemberNames(c.ctx, c.a, []consent.MemberID{c.member}))
		}},
		seen("Members", func(c *cell) error { return second(c.reg.Members(c.ctx, c.a)) }),
		seen("FirstReferent", func(c *cell) error { return second(c.reg.FirstReferent(c.ctx, c.a)) }),
		seen("Duties", func(c *cell) error {
			_, _, err := c.reg.Duties(c.ctx, c.a, consent.Page{Limit: 10})
			return err
		}),
		seen("Ending", func(c *cell) error { return second(c.reg.Ending(c.ctx, c.a, 24*time.Hour)) }),
		seen("WithoutHelper", func(c *cell) error { return second(c.reg.WithoutHelper(c.ctx, c.a)) }),
		seen("StandIns", func(c *cell) error { return second(c.reg.StandIns(c.ctx, c.a)) }),
		seen("Programs", func(c *cell) error { return second(c.reg.Programs(c.ctx, c.a)) }),
		seen("FindPlaces", func(c *cell) error { return second(c.reg.FindPlaces(c.ctx, c.a, consent.PlaceQuery{})) }),
		seen("Place", func(c *cell) error { return second(c.reg.Place(c.ctx, c.a, c.publicPlace())) }),
		{use: "NotePlace", noID: true, may: "SBV", adhere: true, preview: true, refused: lists, act: audit.StructureUpdated, do: func(c *cell) error {
			return c.reg.NotePlace(c.ctx, c.a, consent.PlaceKnowledge{ID: c.publicPlace(), Note: clean(c.t, "Sonner deux fois")})
		}},
		{use: "AddPlace", noID: true, may: "SBV", adhere: true, act: audit.StructureUpdated, do: func(c *cell) error {
			return second(c.reg.AddPlace(c.ctx, c.a, newPlace(c.t)))
		}},
		{use: "DropPlace", early: true, may: "SBV", adhere: true, act: audit.StructureUpdated, do: func(c *cell) error {
			return c.reg.DropPlace(c.ctx, c.a, c.place)
		}},
		seen("Presets", func(c *cell) error { return second(c.reg.Presets(c.ctx, c.a)) }),
		seen("Tallies", func(c *cell) error { return second(c.reg.Tallies(c.ctx, c.a, "2027-01")) }),
		{use: "SetStructurePhone", noID: true, may: "R", office: true, refused: governs, act: audit.StructureUpdated, do: func(c *cell) error {
			return c.reg.SetStructurePhone(c.ctx, c.a, clean(c.t, "03 81 00 00 00"))
		}},
		{use: "SavePreset", noID: true, may: "R", office: true, refused: governs, act: audit.StructureUpdated, do: func(c *cell) error {
			return second(c.reg.SavePreset(c.ctx, c.a, consent.NewPreset{Name: clean(c.t, "Un mois"), Powers: []consent.Power{papers}, Days: 31}))
		}},
		{use: "DropPreset", early: true, may: "R", office: true, refused: governs, act: audit.StructureUpdated, do: func(c *cell) error {
			return c.reg.DropPreset(c.ctx, c.a, c.preset)
		}},
		{use: "SetStandIn", noID: true, may: "R", office: true, refused: governs, act: audit.StructureUpdated, do: func(c *cell) error {
			return c.reg.SetStandIn(c.ctx, c.a, consent.StandIn{Away: c.member, By: c.firstOf(), From: "2027-06-01", To: "2027-06-30"})
		}},
		{use: "DropStandIn", noID: true, may: "R", office: true, refused: governs, act: audit.StructureUpdated, do: func(c *cell) error {
			return c.reg.DropStandIn(c.ctx, c.a, c.member)
		}},
		{use: "OpenStructure", noID: true, may: "O", always: true, quiet: true, refused: structures(), do: func(c *cell) error {
			if c.who == operator {
				c.a = consent.Operator()
			}
			_, _, err := c.reg.OpenStructure(c.ctx, c.a, consent.NewStructure{Name: clean(c.t, "Maison du Lac"), Slug: "lac"})
			return err
		}},

		// The log, and who looks behind the pseudonyms.
		{use: "LogLines", as: "of a person", may: "RDACO", purpose: "RDC", office: true, act: audit.ExtractRead, do: func(c *cell) error {
			_, _, err := c.reg.LogLines(c.ctx, c.a, consent.LogQuery{Person: c.person, Purpose: charter.PurposeAnswerPerson, Limit: 10})
			return err
		}},
		{use: "LogLines", as: "of all, to audit", noID: true, may: "RDAO", purpose: "DAO", office: true, refused: notFound, act: audit.ExtractRead, do: func(c *cell) error {
			_, _, err := c.reg.LogLines(c.ctx, c.a, consent.LogQuery{Purpose: charter.PurposeDPOAudit, Limit: 10})
			return err
		}},
		{use: "LogLines", as: "of oneself", seen: true, noID: true, refused: map[who]string{holder: "not found", operator: "ok"}, do: func(c *cell) error {
			if c.who == operator { // has none
				return nil
			}
			_, _, err := c.reg.LogLines(c.ctx, c.a, consent.LogQuery{Member: c.a.Member(), Limit: 10})
			return err
		}},
		{use: "Extract", noID: true, may: "RDAO", purpose: "DAO", office: true, refused: notFound, act: audit.ExtractMade, do: func(c *cell) error {
			return second(c.reg.Extract(c.ctx, c.a, io.Discard, consent.ExtractRequest{
				From: start, To: start.Add(time.Hour), Profile: consent.ProfileDPO, Purpose: charter.PurposeDPOAudit, Program: "test",
			}))
		}},
		{use: "OpenGlass", may: "R", office: true, act: audit.BreakGlass, do: func(c *cell) error {
			return second(c.reg.OpenGlass(c.ctx, c.a, c.person, "danger"))
		}},
		{use: "CloseGlass", may: "R", office: true, act: audit.BreakGlass, do: func(c *cell) error {
			if _, err := c.reg.OpenGlass(c.ctx, c.a, c.person, "danger"); err != nil { // nobody else has one to close
				return err
			}
			return c.reg.CloseGlass(c.ctx, c.a, c.person)
		}},
		{use: "RefuseText", noID: true, counted: true, may: all + "CO", refused: map[who]string{
			social: "C08 credential_password", homeHelp: "C08 credential_password", volunteer: "C08 credential_password", kin: "C08 credential_password",
			asReferent: "C08 credential_password", officer: "C08 credential_password", auditor: "C08 credential_password",
			holder: "C08 credential_password", operator: "C08 credential_password",
		}, do: func(c *cell) error {
			return c.reg.RefuseText(c.ctx, c.a, &screen.Refusal{Kind: "password", Field: "note"})
		}},
	}...)
}

// own is a row about what the account that asks has, which no state of a member
// takes away.
func own(use string, do func(*cell) error) row {
	none := "sign in: session"
	return row{
		use: use, noID: true, always: true, quiet: true, may: "SBVKRDA",
		refused: map[who]string{holder: none, operator: none, software: none}, do: do,
	}
}

// ownNotFound takes "not found" for done: they have none.
func ownNotFound(err error) error {
	if isNotFound(err) {
		return nil
	}
	return err
}

// always is a row in which a member's state does not matter.
func always(r row) row {
	r.always, r.refused[software] = true, "not found"
	return r
}

// with2 adds an answer to those of a row.
func with2(answers map[who]string, letter who, answer string) map[who]string {
	all := map[who]string{letter: answer}
	for k, v := range answers {
		all[k] = v
	}
	return all
}

// structures is the operator's alone: there is no such use-case for others.
func structures() map[who]string {
	all := map[who]string{nobody: "not found", holder: "not found", software: "not found"}
	for letter := range memberRoles {
		all[letter] = "not found"
	}
	return all
}

// firstOf is a member who is open in every set but that of the closed: the helper
// whose absence is noted.
func (c *cell) firstOf() consent.MemberID {
	if c.team != nil {
		return c.team.By
	}
	return c.member
}

// behalf is for whom a program asks; members ask for themselves.
func (c *cell) behalf() consent.MemberID {
	if c.who == software {
		return c.helper
	}
	return ""
}

// beside are the methods of Register that nobody asks for as somebody, each with
// what it is.
var beside = map[string]string{
	"NoteReferral": "of a hand-over that was made; referral_test.go", "ImportPlaces": "the command line", "PlaceSets": "counts about public files",
	"Begin": "the command line begins a register", "ConfirmClock": "the command line", "NoteBackup": "the command line",
	"NoteRestore": "the command line", "LastBackup": "a date about the whole register", "In": "makes the operator's actor",
	"TurnEpoch": "a job", "BeginEpoch": "at start", "FinishErasures": "a job", "DestroyDueEvidence": "a job", "ReplayErased": "at start",
	"NoteFailures": "a job", "MergeIndex": "a job", "Relay": "a job", "RunRetention": "a job", "FinishLeaving": "a job",
	"TellSleepers": "a job", "PublishCharter": "at start", "Sleeping": "computes from a member's own row",
	"CheckHolder": "makes a counter's actor", "CheckMandate": "a counter's alone: see TestCounterCanDoNothingElse",
	"ExtendRight": "of a request that was made; rights_test.go", "AnswerRight": "the same", "CopyPerson": "as RevealPerson with answer_person; rights_test.go",
	"MailsDue": "a job", "OpenMail": "a job: consent/notice", "MailSent": "a job", "MailFailed": "a job", "ChaseStops": "a job",
	"KeepRoom": "at start", "Woken": "a signal to whoever runs the jobs",
	"AckStop": "of a stop that was made; stop_test.go", "StopWithCard": "two who ask, a desk and a card; stop_test.go",
	"CardHolder": "makes a card's actor", "Redeem": "signs in", "SignedIn": "makes a member's actor", "SignOut": "ends the session of its token",
	"Choices": "of a session that is not bound yet", "ChooseSpace": "binds it", "FormToken": "a keyed hash of the session's id",
	"AskAcceptance": "with a browser's key; ownhand_test.go", "AcceptMandateByPasskey": "AcceptMandate, with a browser's key; ownhand_test.go",
	"MaySignThemself": "says whether a door asks for the key",
	"Holds":           "the same, looked at",
	"HoldForm":        "closed for a session left alone; hold_test.go", "HeldForm": "opened for the session that it was closed for; hold_test.go",
	"AskPasskey": "of nobody yet", "SignInByPasskey": "signs in", "AskNewPasskey": "one's own, with a browser's key; passkeys_test.go",
	"AddPasskey": "the same", "SignInProgram": "signs in", "ProgramSignedIn": "makes a program's actor",
	"ProgramKeys": "public keys, to whom a proof is checked", "ProgramNotKnown": "counts a failure",
	"TakeContest": "of the screening at a door, for its own refusal; screening_test.go",
	"RegisterPub": "public", "Charter": "public", "Origin": "public", "Spaces": "ids for jobs",
}
