package ledger_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"wardroom/internal/config"
	"wardroom/internal/event"
	"wardroom/internal/ledger"
)

// FuzzLeaf: what is taken for an entry is canonical, and has the fields that it must have.
func FuzzLeaf(f *testing.F) {
	for _, text := range []string{
		`{"at":1764432000,"body":{"policy":"quorum none\n"},"kind":"policy","v":1}`,
		`{"at":1764432000,"body":{"log":"a+b","policy":"quorum none\n","running":false},"kind":"genesis","v":1}`,
		`{"at":1,"body":{"earlier":2,"key":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="},"kind":"tags","v":1}`,
		`{"at":1,"body":{"earlier":false,"key":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=","number":1,"previous":"","tag":"AQEBAQEBAQEBAQEBAQEBAQ=="},"kind":"identity","v":1}`,
		`{"at":1,"body":{"earlier":false,"key":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=","number":2,"previous":"","tag":"AQEBAQEBAQEBAQEBAQEBAQ=="},"kind":"identity","v":1}`,
		`{"at":1,"body":{"policy":""},"kind":"policy","v":2}`, `{"at":1,"body":{"policy":"","x":1},"kind":"policy","v":1}`, `{"kind":"policy"}`, `[]`, ``,
		`{"at":1,"body":{"build":"` + strings.Repeat("0f", 32) + `","version":"1"},"kind":"client","v":1}`, `{"at":1,"body":{"build":"0F","version":"1"},"kind":"client","v":1}`,
		`{"at":1,"body":null,"kind":"policy","v":1}`, `{"at":1,"body":{"Policy":"x"},"kind":"policy","v":1}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		leaf, err := ledger.ParseLeaf(text)
		if err != nil {
			return
		}
		if canonical, err := event.Canonical(text); err != nil || !bytes.Equal(canonical, text) {
			t.Errorf("%q is taken, and is not canonical", text)
		}
		if leaf.Version != 1 || !slices.Contains([]ledger.Kind{ledger.Genesis, ledger.Policy, ledger.Client, ledger.Tags, ledger.Identity}, leaf.Kind) || !strings.HasPrefix(string(leaf.Body), "{") {
			t.Errorf("%q is taken for %+v", text, leaf)
		}
	})
}

// FuzzWitness: a witness that knows a log signs nothing that the log has not signed, and answers everything.
func FuzzWitness(f *testing.F) {
	const key = "quay.example.org/ledger+fb39a8c8+AYB3GzQBu4lXc0bkCIbOm8K2c6XRmSDvg8KcJVBSkBpg"
	w, err := ledger.OpenWitness(f.TempDir(), "east.example.org", nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("old 0\n\nquay.example.org/ledger\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— quay.example.org/ledger AAAA\n")
	f.Add("old 1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\nx\n1\n")
	f.Add("old 9223372036854775807\n\n")
	f.Add(key)
	f.Fuzz(func(t *testing.T, body string) {
		answer := httptest.NewRecorder()
		w.ServeHTTP(answer, httptest.NewRequest("POST", "/add-checkpoint", strings.NewReader(body)))
		if answer.Code != http.StatusBadRequest && answer.Code != http.StatusNotFound && answer.Code != http.StatusForbidden {
			t.Errorf("%q is answered %d %s", body, answer.Code, answer.Body)
		}
	})
}

// FuzzPolicy: what is taken for a policy is one for torchwood as well, and says the same when it is read again.
func FuzzPolicy(f *testing.F) {
	f.Add("quorum none\n")
	f.Add("witness a east.example.org+b6b2b2c2+BAAA http://x\n# c\ngroup g any a\nquorum g")
	f.Add("log x+y\nquorum none\nquorum none")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := config.ParsePolicy(text)
		if err != nil {
			return
		}
		again, err := config.ParsePolicy(p.Text)
		if err != nil || again.Text != p.Text || len(again.Witnesses) != len(p.Witnesses) {
			t.Errorf("%q is read as %q, and that as %+v, %v", text, p.Text, again, err)
		}
	})
}
