package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"aval/api/token"
)

// registerPub gives the register's own public keys, as `aval verify --key` takes
// them. Whoever trusts them because they came from here trusts this connection;
// compare them with a copy that came another way.
func (a *API) registerPub(c echo.Context) error {
	pub, err := a.Register.RegisterPub()
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "application/json", pub)
}

// keySet gives the keys that sign statements as a JWK Set (RFC 7517 §5).
func (a *API) keySet(c echo.Context) error {
	pub, err := a.Register.RegisterPub()
	if err != nil {
		return err
	}
	set, err := token.KeySet(pub)
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "application/jwk-set+json", set)
}
