package postgres

import "testing"

// FreshDSN lets tests from outside have a database of their own.
func FreshDSN(t *testing.T) string {
	t.Helper()
	return freshDSN(t)
}
