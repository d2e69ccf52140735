package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// A config is how a register is served. Every member is a flag, an environment
// variable (AVAL_ and the name in capitals, dashes as underscores) and a member
// of the JSON file; the flag wins, then the environment, then the file. The zero
// value of each works.
type config struct {
	// Data and Keys are the two folders of the register.
	Data string `json:"data"`
	Keys string `json:"keys"`
	// Staff is where helpers, referents and programs are served. It stays on
	// this machine unless told otherwise.
	Staff string `json:"staff"`
	// Public is where cards are served: to anybody.
	Public string `json:"public"`
	// StaffURL and PublicURL are the addresses that people type, when a proxy or
	// a name stands before the listeners. They stand in links and on cards.
	StaffURL  string `json:"staff-url"`
	PublicURL string `json:"public-url"`
	// Store is "bolt", the file in the data folder. PostgreSQL is known to the
	// storage seam and not served yet.
	Store string `json:"store"`
	// TrustedProxies lists the networks whose X-Forwarded-For is believed, as
	// CIDRs with commas. Empty: nobody's.
	TrustedProxies string `json:"trusted-proxies"`
	// MailHost is the mail server by which members are told of stops, and MailPort its
	// port: 465 for TLS from the start, else STARTTLS. Empty: no mails.
	MailHost string `json:"mail-host"`
	MailPort string `json:"mail-port"`
	// MailFrom is the sender's address; MailUser signs in, with the password in a file
	// of mode 0600. MailCA is a PEM file of roots for a server of one's own.
	MailFrom         string `json:"mail-from"`
	MailUser         string `json:"mail-user"`
	MailPasswordFile string `json:"mail-password-file"`
	MailCA           string `json:"mail-ca"`
	// Reserve is how much of the disk stays free for stops, in MiB: below it every
	// other write is refused. "0" keeps none.
	Reserve string `json:"reserve"`
}

// defaultConfig is what is served when nothing is said.
func defaultConfig() config {
	return config{Staff: "127.0.0.1:8080", Public: "127.0.0.1:8081", Store: "bolt", Reserve: "64", MailPort: "587"}
}

// names are the settings in the order of the struct, with where they go.
func (c *config) names() []setting {
	return []setting{
		{"data", &c.Data, "folder of the register's data"},
		{"keys", &c.Keys, "folder of its keys (default: the data folder's name and -keys)"},
		{"staff", &c.Staff, "address for helpers, referents and programs"},
		{"public", &c.Public, "address for cards, open to anybody"},
		{"staff-url", &c.StaffURL, "the staff address as people type it (default: from --staff)"},
		{"public-url", &c.PublicURL, "the public address as it stands on cards (default: from --public)"},
		{"store", &c.Store, "bolt"},
		{"trusted-proxies", &c.TrustedProxies, "networks whose X-Forwarded-For is believed, as CIDRs with commas"},
		{"mail-host", &c.MailHost, "mail server that tells members of stops (default: no mails)"},
		{"mail-port", &c.MailPort, "its port: 465 for TLS from the start, else STARTTLS"},
		{"mail-from", &c.MailFrom, "the sender's address"},
		{"mail-user", &c.MailUser, "who signs in to it (default: nobody)"},
		{"mail-password-file", &c.MailPasswordFile, "file of mode 0600 with the password"},
		{"mail-ca", &c.MailCA, "PEM file of the roots that vouch for it (default: the system's)"},
		{"reserve", &c.Reserve, "MiB of the disk that stay free for stops; below, other writes are refused (0: none)"},
	}
}

type setting struct {
	name  string
	value *string
	help  string
}

func (s setting) env() string {
	return "AVAL_" + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_"))
}

// load puts the file, the environment and the flags together.
func (c *config) load(flags *pflag.FlagSet, file string, environ []string) error {
	var faults []error
	*c = defaultConfig()
	if file != "" {
		if err := c.fromFile(file); err != nil {
			faults = append(faults, err)
		}
	}
	faults = append(faults, c.fromEnviron(environ)...)
	for _, s := range c.names() {
		if f := flags.Lookup(s.name); f != nil && f.Changed {
			*s.value = f.Value.String()
		}
	}
	faults = append(faults, c.faults()...)
	if len(faults) > 0 {
		return misuse("%w", errors.Join(faults...))
	}
	return nil
}

func (c *config) fromFile(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("--config: %w;", err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	err = d.Decode(c)
	if _, after := d.Token(); err != nil || !errors.Is(after, io.EOF) {
		return fmt.Errorf("--config: not one JSON object of known settings (%s);", strings.Join(c.known(), ", "))
	}
	return nil
}

func (c *config) known() []string {
	var names []string
	for _, s := range c.names() {
		names = append(names, s.name)
	}
	return names
}

func (c *config) fromEnviron(environ []string) (faults []error) {
	settings := map[string]setting{}
	for _, s := range c.names() {
		settings[s.env()] = s
	}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, "AVAL_") || name == "AVAL_CONFIG" {
			continue
		}
		s, ok := settings[name]
		if !ok {
			faults = append(faults, fmt.Errorf("the environment has %s, which is no setting;", name))
			continue
		}
		*s.value = value
	}
	return faults
}

// faults lists everything that is wrong at once.
func (c *config) faults() (faults []error) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format+";", args...)) }
	if c.Data == "" {
		fault("data: the folder of the register is needed")
	}
	for _, s := range []setting{{name: "staff", value: &c.Staff}, {name: "public", value: &c.Public}} {
		if _, _, err := net.SplitHostPort(*s.value); err != nil {
			fault("%s: an address with a port is needed, as in 127.0.0.1:8080", s.name)
		}
	}
	for _, s := range []setting{{name: "staff-url", value: &c.StaffURL}, {name: "public-url", value: &c.PublicURL}} {
		if *s.value == "" {
			continue
		}
		u, err := url.Parse(*s.value)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || strings.Trim(u.Path, "/") != "" {
			fault("%s: an address is needed, as in https://register.example.fr", s.name)
		}
	}
	switch {
	case c.Store == "bolt":
	case strings.HasPrefix(c.Store, "postgres://"):
		fault("store: PostgreSQL is not served by this version; use bolt")
	default:
		fault("store: bolt is the one that is served")
	}
	faults = append(faults, c.mailFaults()...)
	if _, err := c.reserve(); err != nil {
		fault("reserve: a whole number of MiB is needed, up to 65535")
	}
	if _, err := c.proxies(); err != nil {
		fault("trusted-proxies: networks are needed, as in 10.0.0.0/8")
	}
	return faults
}

// reserve is the setting in bytes.
func (c *config) reserve() (uint64, error) {
	mib, err := strconv.ParseUint(c.Reserve, 10, 16)
	return mib << 20, err
}

func (c *config) proxies() ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, s := range strings.Split(c.TrustedProxies, ",") {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}
