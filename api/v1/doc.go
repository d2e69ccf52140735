// Package v1 is the JSON door. Its contract is openapi.yaml, written by hand;
// openapi.gen.go is made from it. A handler does three things: it finds who asks,
// calls one use-case, and turns the answer into the contract's words. What is
// allowed is decided by the use-case, never here.
//
// Requests are held against the contract before any handler runs (contract.go),
// strictly and without repeating a value that was sent. Personal data leaves by
// person.go, which alone calls Reveal on what a use-case opened, and by a
// mandate's opening.
package v1

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -config oapi-codegen.yaml openapi.yaml
