package charter

import "testing"

func TestLoad(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Digest()) != 43 {
		t.Errorf("digest of %d characters, want 43", len(c.Digest()))
	}
}
