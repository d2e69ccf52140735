package screen

import "fmt"

// Kind says what sort of value was found. The words are stable keys: pages
// translate them, the audit log keeps them.
type Kind string

// The closed list of kinds.
const (
	KindPassword  Kind = "password"        // password, pass phrase, or a rule from which one follows
	KindPIN       Kind = "pin"             // code of a card, a telephone, an application
	KindOneTime   Kind = "otp"             // code for one use, used or expired included
	KindRecovery  Kind = "recovery_code"   // backup code, recovery key, recovery words, reset link
	KindAnswer    Kind = "security_answer" // answer to a secret question
	KindToken     Kind = "api_token"       // key of an application, session token, private key
	KindAccountID Kind = "account_id"      // login number of a service
	KindNIR       Kind = "nir"             // social security number, with or without its key
	KindCard      Kind = "card"            // card number or its verification digits
	KindBank      Kind = "iban"            // IBAN or RIB
)

// Kinds lists every kind a refusal can carry.
func Kinds() []Kind {
	return []Kind{
		KindPassword, KindPIN, KindOneTime, KindRecovery, KindAnswer,
		KindToken, KindAccountID, KindNIR, KindCard, KindBank,
	}
}

// Rule says why a text was refused. The words are stable keys.
type Rule string

// The closed list of rules. Those of the first group rest on a checksum or on
// a fixed form; no contest of the person who typed can change them (Checked).
const (
	RuleCardNumber     Rule = "card_number"     // ISO/IEC 7812 prefix, length and Luhn digit
	RuleIBAN           Rule = "iban_checksum"   // ISO 13616, remainder 1 modulo 97
	RuleRIB            Rule = "rib_key"         // French RIB, key modulo 97
	RuleNIRKey         Rule = "nir_key"         // NIR with its key, Corsica included
	RuleTokenForm      Rule = "token_form"      // a prefix known to belong to keys and tokens
	RuleJWT            Rule = "jwt"             // RFC 7519 compact form
	RulePEM            Rule = "private_key"     // RFC 7468 private key header
	RuleURLCredentials Rule = "url_credentials" // RFC 3986 userinfo with a password, or a secret parameter
	RuleRecoveryKey    Rule = "recovery_key"    // eight groups of six digits
	RuleCardCode       Rule = "aval_card_code"  // the code of a person's own card in this register

	RuleCardForm    Rule = "card_form"         // four groups of four digits with a card prefix and a wrong Luhn digit
	RuleIBANForm    Rule = "iban_form"         // form of an IBAN or a RIB whose key is wrong or missing
	RuleNIRForm     Rule = "nir_form"          // form of a NIR without its key, or with a wrong one
	RuleTaxNumber   Rule = "tax_number"        // 13 digits beginning with 0 to 3
	RuleStrongToken Rule = "strong_token"      // a word nobody writes but as a password
	RulePassword    Rule = "password_cue"      // a value beside a word for password
	RuleCode        Rule = "code_cue"          // digits beside a word for code
	RulePIN         Rule = "pin_cue"           // digits beside a word for PIN, card or lock
	RuleCVV         Rule = "cvv_cue"           // three or four digits beside a word for card verification
	RuleLogin       Rule = "login_cue"         // a number beside a word for login
	RuleTokenCue    Rule = "token_cue"         // a long random word beside a word for key or token
	RuleRecovery    Rule = "recovery_cue"      // codes beside a word for rescue or recovery
	RuleWords       Rule = "recovery_words"    // a list of plain words beside "twelve words" and the like
	RuleDescribed   Rule = "described"         // a rule from which the password follows
	RuleSpelled     Rule = "spelled"           // letters or digits one by one
	RuleAnswer      Rule = "question_answer"   // a value beside a secret question
	RuleGroups      Rule = "code_groups"       // groups of one length, letters and digits mixed
	RuleVitale      Rule = "vitale_serial"     // serial number of a carte Vitale, which opens an account
	RuleHalves      Rule = "halves"            // a secret cut in two
	RuleAcross      Rule = "across_two_fields" // a cue in one field and its value in another
)

// checked holds the rules that rest on a checksum or a fixed form.
var checked = map[Rule]bool{
	RuleCardNumber: true, RuleIBAN: true, RuleRIB: true, RuleNIRKey: true,
	RuleTokenForm: true, RuleJWT: true, RulePEM: true, RuleURLCredentials: true,
	RuleRecoveryKey: true, RuleCardCode: true,
}

// Rules lists every rule a refusal can carry.
func Rules() []Rule {
	return []Rule{
		RuleCardNumber, RuleIBAN, RuleRIB, RuleNIRKey, RuleTokenForm, RuleJWT,
		RulePEM, RuleURLCredentials, RuleRecoveryKey, RuleCardCode,
		RuleCardForm, RuleIBANForm, RuleNIRForm, RuleTaxNumber, RuleStrongToken, RulePassword,
		RuleCode, RulePIN, RuleCVV, RuleLogin, RuleTokenCue, RuleRecovery,
		RuleWords, RuleGroups, RuleVitale, RuleDescribed, RuleSpelled, RuleAnswer, RuleHalves, RuleAcross,
	}
}

// Checked reports whether the rule rests on a checksum or a fixed form. A
// refusal by such a rule cannot be contested; the others are judgements.
func (r Rule) Checked() bool { return checked[r] }

// Verdict is the answer to one text or one pair of texts. It never holds any
// part of them.
type Verdict struct {
	Refused bool
	Kind    Kind   // empty when accepted
	Field   string // the name of the field that holds the value, empty when accepted
	Rule    Rule   // empty when accepted
	Warning Topic  // what an accepted text holds that may not be needed, empty mostly
}

// Refusal is the error of a form that holds a credential or a number the
// register does not take. It never holds any part of the text.
type Refusal struct {
	Kind  Kind
	Field string // the Name of the field, as given to Form
	Rule  Rule
	// Earlier tells that one part stands in a text that was stored before, so
	// that rewriting the field is not enough.
	Earlier bool
	mark    func() *Mark // no *Mark, since %s would print its numbers
}

// Error names the kind, the field and the rule, never the text.
func (r *Refusal) Error() string {
	return fmt.Sprintf("screen: field %q refused: %s (%s)", r.Field, r.Kind, r.Rule)
}

// Mark gives the doubtful part of the field's text, or nil when it cannot be told.
func (r *Refusal) Mark() *Mark { return given(r.mark) }

// finding is a refusal before its field has a name. The bytes [from, to) of
// the normalised text are what gave rise to it.
type finding struct {
	kind     Kind
	rule     Rule
	from, to int
}

func (f finding) found() bool { return f.kind != "" }

// refuse is a finding about the tokens first to last.
func (p *page) refuse(kind Kind, rule Rule, first, last int) finding {
	first = max(first, 0)
	last = max(first, last)
	return finding{kind, rule, p.tokens[first].start, p.tokens[last].end}
}
