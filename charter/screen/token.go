package screen

import (
	"strings"
)

// tokenPrefixes are the beginnings that services give to their keys so that
// scanners know them (GitHub, GitLab, Stripe, Slack, AWS, Google, OpenAI,
// Anthropic, npm, PyPI, SendGrid, Shopify, DigitalOcean, Hugging Face, age,
// HashiCorp Vault, Brevo, Mailgun and others), with the least number of
// characters that follow.
var tokenPrefixes = []struct {
	prefix string
	rest   int
}{
	{"ghp_", 20}, {"gho_", 20}, {"ghu_", 20}, {"ghs_", 20}, {"ghr_", 20}, {"github_pat_", 20},
	{"glpat-", 15}, {"gldt-", 15}, {"glrt-", 15}, {"sk_live_", 10}, {"sk_test_", 10},
	{"rk_live_", 10}, {"rk_test_", 10}, {"pk_live_", 10}, {"whsec_", 15}, {"xoxb-", 10},
	{"xoxp-", 10}, {"xoxa-", 10}, {"xoxe-", 10}, {"xoxs-", 10}, {"xapp-", 10}, {"akia", 16}, {"asia", 16},
	{"aiza", 30}, {"ya29.", 20}, {"sk-", 20}, {"npm_", 20}, {"pypi-", 30}, {"sg.", 30},
	{"shpat_", 20}, {"shpss_", 20}, {"dop_v1_", 20}, {"hf_", 20}, {"age-secret-key-", 20},
	{"hvs.", 20}, {"s.", 24}, {"xkeysib-", 20}, {"key-", 28}, {"glsa_", 20}, {"figd_", 20},
	{"eyj0", 40}, {"tskey-", 15}, {"sq0atp-", 15}, {"sq0csp-", 15}, {"eaaa", 40}, {"dckr_pat_", 15},
	{"nrak-", 20}, {"lin_api_", 20}, {"ntn_", 20}, {"secret_", 30}, {"pat-", 25}, {"rnd_", 20},
	{"otpauth:", 10}, {"otpauth-migration:", 10},
}

// tokenForm knows keys and tokens by their form at the start of a word.
func tokenForm(word string) finding {
	if len(word) < 12 {
		return finding{}
	}
	lower := strings.ToLower(word[:min(len(word), 24)])
	for _, p := range tokenPrefixes {
		if strings.HasPrefix(lower, p.prefix) && len(word) >= len(p.prefix)+p.rest && tokenBody(word[len(p.prefix):]) {
			return finding{kind: KindToken, rule: RuleTokenForm}
		}
	}
	if isJWT(word) {
		return finding{kind: KindToken, rule: RuleJWT}
	}
	return finding{}
}

// tokenBody asks for a digit, so that no plain words with dashes pass for a key.
func tokenBody(s string) bool { return strings.ContainsAny(s, "0123456789") }

// isJWT knows the compact form of RFC 7519: three parts in base64url, the
// first a JSON object, whose first bytes then are "ey". Five parts are the
// encrypted form (RFC 7516).
func isJWT(word string) bool {
	if len(word) < 40 || word[:2] != "ey" && word[:2] != "EY" {
		return false
	}
	parts := strings.Split(word, ".")
	if len(parts) < 2 || len(parts) > 5 || len(parts[0]) < 10 || len(parts[1]) < 10 {
		return false
	}
	for i := 0; i < len(parts[0]); i++ {
		if c := parts[0][i]; !isAlnum(c) && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// secretParameters are names of URL parameters that carry a secret.
var secretParameters = []string{
	"token=", "code=", "key=", "secret=", "password=", "passwd=", "pwd=", "mdp=", "otp=",
	"access_token=", "api_key=", "apikey=", "sig=", "signature=", "session=", "sid=", "auth=", "reset=", "jeton=", "cle=", "senha=", "clave=", "parola=", "activation=", "invitation=",
}

// isURL reports whether a word is a URL, with or without its scheme.
func isURL(word string) bool {
	lower := strings.ToLower(word[:min(len(word), 12)])
	return strings.Contains(lower, "://") || strings.HasPrefix(lower, "www.")
}

// webhooks are the beginnings of addresses that are secrets as a whole.
var webhooks = []string{
	"hooks.slack.com/", "discord.com/api/webhooks/", "discordapp.com/api/webhooks/", "hooks.zapier.com/",
	"api.telegram.org/bot", "outlook.office.com/webhook/", "chat.googleapis.com/v1/spaces/",
}

// urlSecret finds credentials in a URL: a password before the host (RFC 3986,
// 3.2.1), or a secret among the parameters, such as a reset link has.
func urlSecret(word string) finding {
	_, rest, found := strings.Cut(word, "://")
	if !found {
		rest = word
	}
	host := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		host = rest[:i]
	}
	if user, _, ok := strings.Cut(host, "@"); ok && found {
		if _, pass, ok := strings.Cut(user, ":"); ok && pass != "" {
			return finding{kind: KindPassword, rule: RuleURLCredentials}
		}
	}
	query := strings.ToLower(rest[len(host):])
	for _, hook := range webhooks {
		if path, ok := strings.CutPrefix(strings.ToLower(rest), hook); ok && len(path) >= 20 && tokenBody(path) {
			return finding{kind: KindToken, rule: RuleTokenForm}
		}
	}
	for _, p := range secretParameters {
		i := strings.Index(query, p)
		if i > 0 && strings.IndexByte("?&#;", query[i-1]) >= 0 && len(query)-i-len(p) >= 6 {
			return finding{kind: KindRecovery, rule: RuleURLCredentials}
		}
	}
	return resetPath(query)
}

// resetPath finds a link such as /reset/8f14e45fceea167a: a word for reset or
// invitation, then a long part with digits.
func resetPath(path string) finding {
	if !strings.Contains(path, "reset") && !strings.Contains(path, "reinit") &&
		!strings.Contains(path, "recover") && !strings.Contains(path, "activ") &&
		!strings.Contains(path, "magic") && !strings.Contains(path, "verify") {
		return finding{}
	}
	for part := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' || r == '?' || r == '=' || r == '&' }) {
		if len(part) >= 16 && tokenBody(part) && strings.ContainsAny(part, "abcdefghijklmnopqrstuvwxyz") {
			return finding{kind: KindRecovery, rule: RuleURLCredentials}
		}
	}
	return finding{}
}

// pemAt gives the byte where the header of a private key begins (RFC 7468, and
// the variants of OpenSSH, PuTTY and PGP), or -1.
func pemAt(s string) int {
	i := strings.Index(s, "-----BEGIN ")
	if i >= 0 {
		head := s[i:min(len(s), i+80)]
		if strings.Contains(head, "PRIVATE KEY") || strings.Contains(head, "SECRET KEY") {
			return i
		}
		return -1
	}
	return strings.Index(s, "PuTTY-User-Key-File")
}
