package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"

	"aval/api/door"
	"aval/api/locale"
	"aval/api/pages"
	v1 "aval/api/v1"
	"aval/consent"
)

// A Config is what the listeners are made from.
type Config struct {
	Register *consent.Register // needed
	Log      *slog.Logger      // needed; gets ids and fixed words, never what was sent
	Now      func() time.Time  // nil means time.Now
	// Origin is the register's name, in the types of problem documents; empty
	// means what the register itself says.
	Origin string
	// StaffURL and PublicURL are the base URLs of the listeners for links that
	// are shown, such as "https://registre.example.fr". Needed.
	StaffURL, PublicURL string
	// TrustedProxies are the addresses whose X-Forwarded-For is believed; none
	// means that clients connect directly.
	TrustedProxies []netip.Prefix
	// Secure says that readers come over TLS, here or at a proxy: cookies are
	// for TLS only and browsers are told to keep to it.
	Secure  bool
	Version string // of the program
	// Fatal is called when an error means that the process must end at once
	// (the disk refused to make a commit durable). Needed.
	Fatal func(error)
	// PerAddress and PerSession are how many requests a second are served to
	// one address and one session, with bursts of 4 seconds' worth; zero means
	// 50 and 20.
	PerAddress, PerSession rate.Limit
	// Mails says that members can be told of stops by mail.
	Mails bool
	// AtOnce is how many requests are worked on at the same time, stops not
	// counted, and Patience how long another waits for its turn; zero means 256 and
	// 2 seconds.
	AtOnce   int
	Patience time.Duration
}

// An API serves the two listeners.
type API struct {
	Config
	door          *door.Door
	pages         *pages.Pages
	address       *door.Limits
	session       *door.Limits
	turns         chan struct{} // of requests that are worked on
	sameOrigin    *http.CrossOriginProtection
	staff, public *echo.Echo
	templates     map[string]bool // of all routes, for the log of requests
}

// New makes both listeners. An error says that the configuration is incomplete
// or that the program was built wrong.
func New(c Config) (*API, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	words, err := locale.Load()
	if err != nil {
		return nil, err
	}
	a := &API{Config: c, sameOrigin: http.NewCrossOriginProtection()}
	if err := a.sameOrigin.AddTrustedOrigin(c.StaffURL); err != nil {
		return nil, fmt.Errorf("api: staff URL: %w", err)
	}
	a.door = door.New(door.Config{
		Register: c.Register, Catalogue: words, Log: c.Log, Now: a.Now, Origin: a.Origin, Secure: c.Secure, Version: c.Version,
		StaffURL: c.StaffURL, PublicURL: c.PublicURL, Mails: c.Mails,
	})
	a.turns = make(chan struct{}, a.AtOnce)
	a.address, a.session = limits(a.PerAddress), limits(a.PerSession)
	if a.pages, err = pages.New(a.door); err != nil {
		return nil, err
	}
	json, err := v1.New(a.door)
	if err != nil {
		return nil, err
	}
	a.routes(json)
	return a, nil
}

// routes is every route there is, but those that the contract of the JSON door
// (api/v1/openapi.yaml) and the pages list themselves.
func (a *API) routes(json *v1.API) {
	a.staff = a.listener("staff")
	a.staff.Use(a.fromHere)
	a.staff.GET("/healthz", healthy)
	a.staff.GET("/readyz", a.ready)
	a.staff.GET("/register.pub", a.registerPub)
	a.staff.GET("/.well-known/jwks.json", a.keySet)
	a.staff.GET("/.well-known/oauth-authorization-server", a.authorizationServer)
	a.staff.POST(tokenPath, a.programToken)
	a.pages.Staff(a.staff.Group(""))
	json.Mount(a.staff)

	a.public = a.listener("public")
	a.public.GET("/healthz", healthy)
	a.public.GET("/register.pub", a.registerPub)
	a.public.GET("/.well-known/jwks.json", a.keySet)
	a.pages.Public(a.public.Group(""))

	a.templates = map[string]bool{}
	for _, r := range append(a.staff.Routes(), a.public.Routes()...) {
		a.templates[r.Path] = true
	}
}

// Staff is the listener for members and programs.
func (a *API) Staff() http.Handler { return a.staff }

// Public is the listener for everybody: the person's page.
func (a *API) Public() http.Handler { return a.public }

func (c *Config) complete() error {
	if c.Register == nil || c.Log == nil || c.Fatal == nil || c.StaffURL == "" || c.PublicURL == "" {
		return errors.New("api: register, log, fatal and both URLs are needed")
	}
	if c.Origin == "" {
		c.Origin = c.Register.Origin()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.AtOnce == 0 {
		c.AtOnce = 256
	}
	if c.Patience == 0 {
		c.Patience = 2 * time.Second
	}
	if c.PerAddress == 0 {
		c.PerAddress = 50
	}
	if c.PerSession == 0 {
		c.PerSession = 20
	}
	return nil
}

// healthy says that the process answers.
func healthy(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

// ready says that the register can be read.
func (a *API) ready(c echo.Context) error {
	if _, err := a.Register.Spaces(c.Request().Context()); err != nil {
		return err
	}
	return c.String(http.StatusOK, "ok\n")
}
