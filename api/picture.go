package api

import (
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"aval/api/door"
	v1 "aval/api/v1"
	"aval/charter/screen/paper"
)

// maxPicture bounds the body of a request that brings a picture of a signed paper, in
// bytes: the picture in base64, and what stands beside it.
const maxPicture = paper.MaxBytes/3*4 + maxBody

// pictureRoutes are the routes that take one.
var pictureRoutes = map[string]bool{
	v1.Base + "/mandates/:mandate/scan": true, v1.Base + "/mandates/:mandate/sign": true,
	"/mandat/photo": true, "/mandat/signer": true,
}

// pictures lets a member bring more than others on these routes. A session is looked
// up first: what nobody sends is never read into memory.
func (a *API) pictures(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		body, kept := c.Get(wholeBody).(io.ReadCloser)
		if !kept || !pictureRoutes[c.Path()] {
			return next(c)
		}
		r := c.Request()
		if _, err := a.door.Actor(r.Context(), door.VisitOf(r.Context())); err == nil {
			r.Body = http.MaxBytesReader(c.Response().Writer, body, maxPicture)
		}
		return next(c)
	}
}

// wholeBody is where a request's body stands before it was bounded.
const wholeBody = "whole body"
