package screen

// Suggestion is the key of a fixed sentence or a way out that a page offers
// when it refuses a text. The words are stable keys; the sentences stand in
// the catalogues, and none is made of what was typed.
type Suggestion string

// The closed list of suggestions.
const (
	SuggestKeptByPerson  Suggestion = "kept_by_person"  // "the person keeps the password"
	SuggestResetTogether Suggestion = "reset_together"  // "reset started with the person on …"
	SuggestRecovery      Suggestion = "recovery_sheet"  // the service's official way to a lost access
	SuggestWasShown      Suggestion = "was_shown"       // enter that a credential was shown: date, service, no value
	SuggestPersonTypes   Suggestion = "person_types"    // "the person types the code"
	SuggestPersonPays    Suggestion = "person_pays"     // "the person pays"
	SuggestLastFour      Suggestion = "last_four"       // the last four digits tell two cards apart
	SuggestBankByPerson  Suggestion = "bank_by_person"  // "bank details given on the service's own site"
	SuggestSeenOnPaper   Suggestion = "seen_on_paper"   // "number checked on the paper"
	SuggestPaperCard     Suggestion = "paper_card"      // a card that the person fills by hand and keeps
	SuggestAdministrator Suggestion = "administrator"   // hand it to the administrator; revoke it when copied
	SuggestHalfRewritten Suggestion = "earlier_rewrite" // the text stored before holds a part: rewrite that one too
)

// suggestions are those of each kind, the first the most fitting.
var suggestions = map[Kind][]Suggestion{
	KindPassword:  {SuggestKeptByPerson, SuggestResetTogether, SuggestRecovery, SuggestWasShown},
	KindOneTime:   {SuggestPersonTypes, SuggestWasShown},
	KindPIN:       {SuggestPersonTypes, SuggestWasShown},
	KindCard:      {SuggestPersonPays, SuggestLastFour, SuggestWasShown},
	KindBank:      {SuggestBankByPerson},
	KindAccountID: {SuggestSeenOnPaper},
	KindNIR:       {SuggestSeenOnPaper},
	KindAnswer:    {SuggestPaperCard, SuggestRecovery, SuggestWasShown},
	KindRecovery:  {SuggestPaperCard, SuggestRecovery, SuggestWasShown},
	KindToken:     {SuggestAdministrator, SuggestWasShown},
}

// Suggestions gives what a page offers for this refusal, the most fitting first.
func (r *Refusal) Suggestions() []Suggestion {
	list := append([]Suggestion(nil), suggestions[r.Kind]...)
	if r.Earlier {
		list = append(list, SuggestHalfRewritten)
	}
	return list
}

// Suggestions lists every suggestion that a refusal can carry.
func Suggestions() []Suggestion {
	return []Suggestion{
		SuggestKeptByPerson, SuggestResetTogether, SuggestRecovery, SuggestWasShown,
		SuggestPersonTypes, SuggestPersonPays, SuggestLastFour, SuggestBankByPerson,
		SuggestSeenOnPaper, SuggestPaperCard, SuggestAdministrator, SuggestHalfRewritten,
	}
}

// Contestable reports whether the person who typed may say "this is no
// credential": the rule is a judgement, not a checksum or a fixed form. A
// contest asks for other words and is counted by kind; by itself it lets
// nothing in (see Contested).
func (r *Refusal) Contestable() bool { return !r.Rule.Checked() }
