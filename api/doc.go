// Package api is the two listeners of the register.
//
// The staff listener has the pages for members, the JSON door and the health of
// the process; the public one has the person's page. Nothing of the one exists
// on the other. Every request takes the same way in: entrance.go makes its
// visit, sets strict headers, counts it against the limits and writes one line
// about it; then a handler of api/pages or api/v1 calls one use-case; an error
// comes back to problem.go. api/door has what the handlers share.
package api
