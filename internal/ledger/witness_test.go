package ledger_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wardroom/internal/ledger"
	"wardroom/internal/stream"
)

// witness is a witness, and its address: one of ours, or litewitness where the test was told of it.
type witness struct {
	name, key, url string
	policy         string // by which it is the only one
	folder         string
	is             atomic.Pointer[ledger.Witness] // nil: it is litewitness
	close          func()
}

// newWitness starts a witness that knows logs with these keys.
func newWitness(t *testing.T, name string, logs ...string) *witness {
	t.Helper()
	w := &witness{name: name, folder: t.TempDir()}
	if program := os.Getenv(litewitness); program != "" {
		w.startLite(t, program)
	} else {
		w.knows(t)
		served := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.is.Load().ServeHTTP(rw, r) }))
		w.url, w.close, w.key = served.URL, served.Close, w.is.Load().Key()
	}
	t.Cleanup(w.close)
	w.knows(t, logs...)
	w.policy = "witness it " + w.key + " " + w.url + "\nquorum it\n"
	return w
}

// knows tells the witness which logs it knows; ours is started anew in its folder for it.
func (w *witness) knows(t *testing.T, logs ...string) {
	t.Helper()
	if os.Getenv(litewitness) != "" {
		w.tellLite(t, logs)
		return
	}
	is, err := ledger.OpenWitness(w.folder, w.name, logs)
	if err != nil {
		t.Fatal(err)
	}
	w.is.Store(is)
}

func TestAWitnessRefusesAChangedLog(t *testing.T) {
	w := newWitness(t, "east.example.org")
	s := newSite(t, t.TempDir(), w.policy)
	w.knows(t, s.Key())
	s.record(t, 300, "true")
	earlier := s.copied(t, w.policy) // before the witness has seen anything
	s.publish(t)
	s.record(t, 20, "true")
	s.publish(t)
	s.publish(t) // the same once more: signed again
	for name, c := range map[string]struct {
		forged func(t *testing.T) *site
		says   string
		halts  bool
	}{
		"an older copy of the database": {func(t *testing.T) *site { return earlier.copied(t, w.policy) }, "has seen 323 entries, and there are 302 here", true},
		"the same size, other content": {func(t *testing.T) *site {
			f := earlier.copied(t, w.policy)
			f.record(t, 20, "other")
			return f
		}, "has seen other entries among the first 323", true},
		"a fork that has grown further": {func(t *testing.T) *site {
			f := earlier.copied(t, w.policy)
			f.record(t, 40, "other")
			return f
		}, "has seen other entries among the first 323", true},
		"one entry changed, all hashes right, signed": {func(t *testing.T) *site {
			f := s.copied(t, w.policy)
			f.rewrite(t, 323, 7)
			f.record(t, 1, "more")
			return f
		}, "has seen other entries among the first 323", true},
		"another key": {func(t *testing.T) *site { return newSite(t, t.TempDir(), w.policy) }, "it knows another key for this log", false},
		"a log that nobody told it of": {func(t *testing.T) *site {
			unknowing := newWitness(t, "west.example.org")
			return s.copied(t, unknowing.policy)
		}, "it does not know this log", false},
	} {
		t.Run(name, func(t *testing.T) {
			forged := c.forged(t)
			err := forged.Publish(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("publishing it: %v", err)
			}
			var diverged *ledger.Diverged
			if errors.As(err, &diverged) != c.halts {
				t.Errorf("it halts: %v", !c.halts)
			}
			if halted := forged.Halted(); (halted != nil) != c.halts {
				t.Errorf("afterwards it is halted: %v", halted)
			}
			if is, err := forged.State(t.Context()); err != nil || c.halts && is.Halted == nil || !c.halts && !strings.Contains(is.Missing, c.says) {
				t.Errorf("it says of itself %+v, %v", is, err)
			}
		})
	}
	w.knows(t, s.Key()) // it remembers over a start
	s.record(t, 1, "true")
	s.publish(t)
}

func TestAQuorumOfWitnesses(t *testing.T) {
	one, two, three := newWitness(t, "one.example.org"), newWitness(t, "two.example.org"), newWitness(t, "three.example.org")
	policy := "# who looks on\n"
	for _, w := range []*witness{one, two, three} {
		policy += "witness " + strings.TrimSuffix(w.name, ".example.org") + " " + w.key + " " + w.url + "\n"
	}
	policy += "group most 2 one two three\nquorum most\n"
	s := newSite(t, t.TempDir(), policy)
	one.knows(t, s.Key())
	if err := s.Publish(t.Context()); err == nil || !strings.Contains(err.Error(), "two: it does not know this log") {
		t.Errorf("with one of three: %v", err)
	}
	if _, err := s.Checkpoint(t.Context()); err == nil {
		t.Error("a checkpoint was published that no quorum had signed")
	}
	two.knows(t, s.Key())
	s.publish(t)
	is, err := s.State(t.Context())
	if err != nil || is.Published != 1 || is.Witnesses != 3 || is.Witnessed.IsZero() || !strings.HasPrefix(is.Missing, "three: ") {
		t.Errorf("it says of itself %+v, %v", is, err)
	}
	two.close()
	s.record(t, 1, "more")
	if err := s.Publish(t.Context()); err == nil || s.Halted() != nil {
		t.Errorf("where one has gone: %v, halted: %v", err, s.Halted())
	}
	if is, err := s.State(t.Context()); err != nil || is.Published != 1 || is.Size != 3 {
		t.Errorf("it says of itself %+v, %v", is, err)
	}
	three.knows(t, s.Key()) // it has seen nothing, and asks for no proof
	s.publish(t)
	if v, err := s.verify(t, ledger.Trust{Policy: s.Policy}); err != nil || v.Entries != 3 {
		t.Errorf("somebody outside finds %+v, %v", v, err)
	}
}

// One that answers anything can neither pass for a signature nor keep the others' from counting, nor halt anything by it.
func TestAWitnessThatAnswersAnythingIsMissing(t *testing.T) {
	good, other := newWitness(t, "good.example.org"), newWitness(t, "other.example.org")
	var answer atomic.Value
	bad := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		says := answer.Load().([]string)
		if says[0] == "409" {
			w.WriteHeader(http.StatusConflict)
		} else if says[0] == "422" {
			w.WriteHeader(http.StatusUnprocessableEntity)
		}
		_, _ = w.Write([]byte(says[1]))
	}))
	defer bad.Close()
	s := newSite(t, t.TempDir(), "witness good "+good.key+" "+good.url+"\nwitness bad "+other.key+" "+bad.URL+"\ngroup one any good bad\nquorum one\n")
	good.knows(t, s.Key())
	for i, says := range [][]string{
		{"200", ""}, {"200", "nonsense"}, {"200", "— other.example.org AAAA\n"}, {"200", "— other.example.org AAAAAAAA\n\n— x"}, {"409", "a word"}, {"409", "-1"}, {"409", "0\n"}, {"422", ""},
	} {
		answer.Store(says)
		s.record(t, 1, "word")
		s.publish(t)
		if is, err := s.State(t.Context()); err != nil || is.Published != int64(1+2*(i+1)) || !strings.HasPrefix(is.Missing, "bad: ") || is.Halted != nil {
			t.Errorf("%q: it says of itself %+v, %v", says, is, err)
		}
	}
}

func TestWhatOurWitnessDoesNotTake(t *testing.T) {
	w := newWitness(t, "east.example.org")
	s := newSite(t, t.TempDir(), w.policy)
	w.knows(t, s.Key())
	s.publish(t)
	signed, err := s.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "/add-checkpoint", "old 1\n\n" + string(signed), 200},
		{"POST", "/add-checkpoint", "old 0\n\n" + string(signed), 409},
		{"POST", "/add-checkpoint", "old 2\n\n" + string(signed), 400},
		{"POST", "/add-checkpoint", "old -1\n\n" + string(signed), 400},
		{"POST", "/add-checkpoint", "old 01\n\n" + string(signed), 400},
		{"POST", "/add-checkpoint", "old 1\nno hash\n\n" + string(signed), 400},
		{"POST", "/add-checkpoint", "old 1\n" + strings.Repeat("a", 20<<10) + "\n\n" + string(signed), 400},
		{"POST", "/add-checkpoint", "old 1\n" + strings.Repeat("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", 64) + "\n" + string(signed), 400},
		{"POST", "/add-checkpoint", "old 1\n\n" + strings.Replace(string(signed), "/ledger\n1\n", "/ledger\n2\n", 1), 403},
		{"POST", "/add-checkpoint", string(signed), 400},
		{"POST", "/add-checkpoint", "", 400},
		{"GET", "/add-checkpoint", "", 405},
		{"POST", "/", "", 404},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, w.url+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != c.status {
			t.Errorf("%s %s %.60q is answered %d, not %d", c.method, c.path, c.body, resp.StatusCode, c.status)
		}
	}
	fork := s.copied(t, w.policy)
	s.record(t, 1, "true")
	s.publish(t)
	fork.record(t, 1, "other")
	fork.rewrite(t, 3, -1)
	if signed, err = fork.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	w.is.Load().ServeHTTP(answer, httptest.NewRequest("POST", "/add-checkpoint", strings.NewReader("old 3\n\n"+string(signed))))
	if answer.Code != http.StatusConflict || answer.Body.String() != "3\n" || answer.Header().Get("Content-Type") != "text/x.tlog.size" {
		t.Errorf("the same size with other content is answered %d %s", answer.Code, answer.Body)
	}
	if _, err := ledger.OpenWitness(w.folder, "west.example.org", nil); err == nil {
		t.Error("a witness takes another name")
	}
	if _, err := ledger.OpenWitness(t.TempDir(), "two words", nil); err == nil {
		t.Error("a witness is called by two words")
	}
}

// A database that was put in place again has the witnesses' signatures of before: they are no leave to do anything now.
func TestSignaturesOfBeforeTheStartCountForNothing(t *testing.T) {
	w := newWitness(t, "east.example.org")
	s := newSite(t, t.TempDir(), w.policy)
	w.knows(t, s.Key())
	s.publish(t)
	for since, want := range map[time.Time]bool{time.Now().Add(-time.Minute): true, time.Now().Add(time.Minute): false} {
		s.SetSince(since)
		err := s.db.View(t.Context(), func(v stream.View) error {
			if _, is, err := s.Witnessed(v, 0); err != nil || is != want {
				t.Errorf("of a server that was started at %s it is %t, %v", since, is, err)
			}
			if _, is, err := s.Witnessed(v, 1000); err != nil || is {
				t.Errorf("an entry that is not there is witnessed: %v", err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
