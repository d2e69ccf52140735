package pages

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"

	"github.com/labstack/echo/v4"

	"aval/api/door"
)

// Each page is a template set of its own: the frame of its listener and its main
// part. All are parsed at start.
var (
	personTemplates = []string{"code", "hello", "birth", "confirm", "receipt", "asked", "person", "trouble", "check", "checked", "check_code"}
	staffTemplates  = []string{
		"named_link", "kin", "kin_read", "glass", "control", "kit", "signin", "again", "structures", "keys", "link", "home", "reference", "fault",
		"desk", "found", "new_person", "prepare", "recap", "sign", "photo", "paper", "mandate", "ask_card", "new_card", "desk_check", "receive", "cover", "noted", "report",
		"duties", "roles", "services", "traces", "office", "stops", "stopping", "elsewhere", "requests", "copy",
		"passwords", "passwords_of", "shown", "home_sheet", "destroyed", "contested"}
)

// parse reads the style and the templates. The style stands inside each page, so
// that a page is one request on a poor line; the policy allows it by its hash.
func (p *Pages) parse() error {
	css, err := files.ReadFile("static/page.css")
	if err != nil {
		return err
	}
	p.style = template.CSS(css) //nolint:gosec // our own file, embedded
	if p.deskStyle, err = deskStyle(p.style); err != nil {
		return err
	}
	js, err := files.ReadFile("static/keep.js")
	if err != nil {
		return err
	}
	key, err := files.ReadFile("static/key.js")
	if err != nil {
		return err
	}
	p.script = template.JS(string(js) + string(key)) //nolint:gosec // our own file, embedded
	p.styleHash = hashOf(string(p.style)) + " " + hashOf(string(p.deskStyle))
	p.templates = map[string]*template.Template{}
	for frame, names := range map[string][]string{"person_frame": personTemplates, "staff_frame": staffTemplates} {
		for _, name := range names {
			t, err := template.New(name).Option("missingkey=error").ParseFS(files,
				"templates/page.html", "templates/icons.html", "templates/check_paper.html", "templates/parts.html", "templates/refused.html",
				"templates/"+frame+".html", "templates/"+name+".html")
			if err != nil {
				return fmt.Errorf("pages: %s: %w", name, err)
			}
			p.templates[name] = t
		}
	}
	return nil
}

// hashOf is a style or a script as the policy names it (CSP 3 §2.3.1).
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// A sheet is what every page has. Views embed it.
type sheet struct {
	*speaker
	Title string
	Style template.CSS
	// Script is empty on every page where a person is concerned.
	Script template.JS
	Wide   bool
}

// A view is a page's data; the sheet in it knows the language.
type view interface{ Lang() string }

// render makes a page, to the end: a fault in a template becomes an error page,
// never half a page.
func (p *Pages) render(name string, v view) ([]byte, error) {
	var page bytes.Buffer
	err := p.templates[name].ExecuteTemplate(&page, "page", v)
	return page.Bytes(), err
}

// show answers with a page.
func (p *Pages) show(c echo.Context, status int, name string, v view) error {
	page, err := p.render(name, v)
	if err != nil {
		return err
	}
	return p.send(c, status, page, v.Lang())
}

func (p *Pages) send(c echo.Context, status int, page []byte, lang string) error {
	h := c.Response().Header()
	door.AllowPage(h, "style-src "+p.styleHash, "img-src data:", "form-action 'self'")
	if bytes.Contains(page, []byte("<script>")) {
		door.AllowPage(h, "style-src "+p.styleHash, "img-src data:", "form-action 'self'",
			"script-src "+hashOf(string(p.script)), "connect-src 'self'")
	}
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Language", lang)
	return c.Blob(status, "text/html; charset=utf-8", page)
}

// form reads the form of a request strictly: one encoding, a small body, known
// members only, each once at most.
func form(c echo.Context, members ...string) (map[string]string, error) {
	return formUpTo(c, maxForm, members...)
}

// formUpTo reads a form of another size.
func formUpTo(c echo.Context, most int64, members ...string) (map[string]string, error) {
	bad := &door.Fault{Status: http.StatusBadRequest, Reason: "bad_request"}
	r := c.Request()
	r.Body = http.MaxBytesReader(c.Response(), r.Body, most)
	if err := r.ParseForm(); err != nil {
		return nil, bad
	}
	known := map[string]bool{}
	for _, m := range members {
		known[m] = true
	}
	values := map[string]string{}
	for name, list := range r.PostForm {
		if !known[name] || len(list) != 1 {
			return nil, bad
		}
		values[name] = list[0]
	}
	return values, nil
}

// maxForm bounds a form, in bytes: the largest is the sheet of a service, every
// letter of it escaped.
const maxForm = 8 << 10
