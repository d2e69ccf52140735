package consent_test

import (
	"crypto/sha256"
	"encoding/base64"
	"testing"

	"aval/audit"
	"aval/charter"
)

// The entry of an act names the digest of the row as it stands in the store, so
// that a row altered later shows.
func TestActsEntryNamesTheStoredRow(t *testing.T) {
	w := newWorld(t)
	helper := w.helper(w.structure("ccas"), charter.SocialWorker)
	p := w.person(helper)
	w.mandate(helper, terms(p, caf))
	w.must(w.act(p, caf)(helper))
	e := w.last("ccas")
	if e.Act != audit.ActRecorded {
		t.Fatalf("the last entry is %s", e.Act)
	}
	sum := sha256.Sum256([]byte(dumped(t, w.db)["1/act/"+e.On[0]]))
	if want := base64.RawURLEncoding.EncodeToString(sum[:]); e.Digest != want {
		t.Errorf("the digest is %s, the row's is %s", e.Digest, want)
	}
}
