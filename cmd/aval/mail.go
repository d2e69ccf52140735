package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/mail"
	"os"
	"strconv"
	"strings"
	"time"

	"aval/consent"
	"aval/consent/notice"
)

// mailFaults lists what is wrong with the settings of the mail server.
func (c *config) mailFaults() (faults []error) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format+";", args...)) }
	if c.MailHost == "" {
		if c.MailFrom != "" || c.MailUser != "" || c.MailPasswordFile != "" || c.MailCA != "" {
			fault("mail-host: the server is needed with the other mail settings")
		}
		return faults
	}
	if port, err := strconv.ParseUint(c.MailPort, 10, 16); err != nil || port == 0 {
		fault("mail-port: a port is needed, as in 587")
	}
	if _, err := mail.ParseAddress(c.MailFrom); err != nil {
		fault("mail-from: an address is needed, as in ne-pas-repondre@example.fr")
	}
	if (c.MailUser == "") != (c.MailPasswordFile == "") {
		fault("mail-user, mail-password-file: one is of no use without the other")
	}
	return faults
}

// post is the mail server of the settings; nil when there is none.
func (c *config) post(staffURL, origin string) (notice.Post, error) {
	if c.MailHost == "" {
		return nil, nil //nolint:nilnil // no mails is a setting
	}
	port, err := strconv.ParseUint(c.MailPort, 10, 16)
	if err != nil {
		return nil, misuse("mail-port: %w", err)
	}
	p := &notice.SMTP{Host: c.MailHost, Port: int(port), From: c.MailFrom, User: c.MailUser, StaffURL: staffURL, Origin: origin}
	if c.MailPasswordFile != "" {
		if p.Password, err = secretIn(c.MailPasswordFile); err != nil {
			return nil, cannot("mail-password-file: %w", err)
		}
	}
	if c.MailCA != "" {
		raw, err := os.ReadFile(c.MailCA)
		if err != nil {
			return nil, cannot("mail-ca: %w", err)
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(raw) {
			return nil, misuse("mail-ca: the file has no certificate in PEM")
		}
		p.TLS = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	return p, nil
}

// secretIn reads a secret from a file that nobody else may read.
func secretIn(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", errors.New("the file can be read by others: set its mode to 0600")
	}
	raw, err := os.ReadFile(path)
	return strings.TrimRight(string(raw), "\r\n"), err
}

// mailFailed logs what did not leave: identifiers and how late it is.
func (s *server) mailFailed(id consent.MailID, late time.Duration, never bool) {
	s.log.Warn("mail not sent", "mail", id, "late", late.Round(time.Second), "given_up", never)
}
