package consent_test

import (
	"strings"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
)

// everyState is one answer for each state of a mandate.
func everyState(answer string) map[string]string {
	all := map[string]string{}
	for _, s := range mandateStates {
		all[s] = answer
	}
	return all
}

// secretRows are the rows of the matrix about passwords that are refused, lost,
// shown or in a notebook.
func secretRows(governs map[who]string, seen func(string, func(*cell) error) row) []row {
	atDesk := map[who]string{holder: "not found"}
	return []row{
		{use: "ContestText", noID: true, may: "SBVRDA", refused: atDesk, state: everyState("conflict: contest_rewrite"), do: func(c *cell) error {
			return second(c.reg.ContestText(c.ctx, c.a, screen.Contest{Field: "note", Kind: "password", Rule: screen.RulePassword}))
		}},
		{use: "SetContest", noID: true, may: "R", office: true, refused: governs, act: audit.StructureUpdated, do: func(c *cell) error {
			return c.reg.SetContest(c.ctx, c.a, true)
		}},
		seen("Refusals", func(c *cell) error { return second(c.reg.Refusals(c.ctx, c.a, "2027-01")) }),
		{use: "ReportShown", may: "SBVR", adhere: true, refused: atDesk, act: audit.CredentialShown, do: func(c *cell) error {
			return c.reg.ReportShown(c.ctx, c.a, consent.Shown{Person: c.person, Service: "caf"})
		}},
		seen("ShownCounts", func(c *cell) error { return second(c.reg.ShownCounts(c.ctx, c.a, "2027-01")) }),
		seen("RecoverySheets", func(c *cell) error { return second(c.reg.RecoverySheets(c.ctx, c.a)) }),
		{use: "SaveRecovery", noID: true, may: "R", office: true, refused: governs, act: audit.StructureUpdated, do: func(c *cell) error {
			return c.reg.SaveRecovery(c.ctx, c.a, consent.NewRecovery{Service: "caf", Way: clean(c.t, "Au guichet")})
		}},
		{use: "ListInNotebook", may: "SBVR", adhere: true, refused: atDesk, act: audit.NotebookListed, do: func(c *cell) error {
			return c.reg.ListInNotebook(c.ctx, c.a, c.person, []charter.ServiceCode{"caf"})
		}},
		{use: "StepNotebook", may: "SBVR", adhere: true, refused: atDesk, state: everyState("not found"), do: func(c *cell) error {
			return second(c.reg.StepNotebook(c.ctx, c.a, consent.NotebookStep{Person: c.person, Service: "caf", Ending: consent.NotebookClosed}))
		}},
		{use: "NotebookNote", may: "SBVKRDC", purpose: "R", adhere: true, state: everyState("not found"), do: func(c *cell) error {
			return second(c.reg.NotebookNote(c.ctx, c.a, c.person, "caf", charter.PurposeReferentReview))
		}},
		seen("Notebook", func(c *cell) error {
			_, _, err := c.reg.Notebook(c.ctx, c.a, consent.NotebookQuery{Limit: 10})
			return err
		}),
		seen("NotebookProgress", func(c *cell) error { return second(c.reg.NotebookProgress(c.ctx, c.a)) }),
		{use: "ImportNotebook", noID: true, may: "R", office: true, refused: governs, act: audit.NotebookImported, do: func(c *cell) error {
			return second(c.reg.ImportNotebook(c.ctx, c.a, strings.NewReader("personne;service\n")))
		}},
		{use: "RecordDestruction", noID: true, may: "R", office: true, refused: governs, act: audit.NotebookDestroyed, do: func(c *cell) error {
			return second(c.reg.RecordDestruction(c.ctx, c.a, consent.NewDestruction{Notebooks: 1, Witness: "dpo", Methods: consent.DestructionMethods[:1]}))
		}},
		seen("Destructions", func(c *cell) error { return second(c.reg.Destructions(c.ctx, c.a)) }),
		seen("Destruction", func(c *cell) error {
			err := second(c.reg.Destruction(c.ctx, c.a, "d_aaaaaaaaaaaaaaaaaaaaaaaaaa"))
			if c.who != kin {
				err = ownNotFound(err) // there is none
			}
			return err
		}),
	}
}
