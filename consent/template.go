package consent

import (
	"embed"
)

//go:embed template/mandate.*.txt
var templates embed.FS

// TemplateFor names the text that is shown and printed in a language, by the
// digest of its bytes. French is shown where there is no other: only the French
// text binds.
func TemplateFor(lang string) TemplateRef {
	if raw, err := templates.ReadFile("template/mandate." + lang + ".txt"); err == nil {
		return TemplateRef{Digest: digest(raw), Lang: lang}
	}
	return TemplateRef{Digest: digest(TemplateText("fr")), Lang: "fr"}
}

// TemplateText is the text of a language, or the French one.
func TemplateText(lang string) []byte {
	raw, err := templates.ReadFile("template/mandate." + lang + ".txt")
	if err != nil {
		raw, err = templates.ReadFile("template/mandate.fr.txt")
	}
	if err != nil {
		panic(err) // embedded: a build without it does not exist
	}
	return raw
}
