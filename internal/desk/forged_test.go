package desk_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wardroom/internal/desk"
	"wardroom/internal/ledger"
	"wardroom/internal/stream"
	"wardroom/internal/warrant"
)

// forged appends an entry as a server would that runs another program than this one.
func (h *house) forged(kind ledger.Kind, body any) (number int64) {
	h.t.Helper()
	err := h.db.Do(h.t.Context(), func(u stream.Unit) (err error) {
		number, err = h.Ledger.Append(u, kind, body)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return number
}

// signatures are those of some of the officers over a warrant, as entries have them.
func (h *house) signatures(namespace string, w desk.Shown, who ...int) (all []string) {
	h.t.Helper()
	for _, i := range who {
		s, err := warrant.Unarmour(h.keys[i].Sign(namespace, w.Head))
		if err != nil {
			h.t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

// Whoever runs the machine may have it append what they like. An outsider who verifies the ledger refuses it, without asking the server anything else.
func TestAVerifierRefusesWhatNoOfficersHaveApproved(t *testing.T) {
	authorised := func(h *house, w desk.Shown, approvals ...string) int64 {
		return h.forged(ledger.Authorised, ledger.AuthorisedBody{Warrant: w.Head, Approvals: approvals})
	}
	for says, forge := range map[string]func(h *house, w desk.Shown){
		"": func(h *house, w desk.Shown) { // nothing is wrong with this one: the control
			n := authorised(h, w, h.signatures(warrant.Namespace, w, 1, 2)...)
			time.Sleep(day)
			h.forged(ledger.Executed, ledger.ExecutedBody{Authorised: n})
			h.forged(ledger.Done, ledger.ActBody{Authorised: n})
		},
		"lacks the approval of 1 more": func(h *house, w desk.Shown) { authorised(h, w, h.signatures(warrant.Namespace, w, 1)...) },
		"lacks the approval of 2 more": func(h *house, w desk.Shown) { authorised(h, w) },
		"by one person":                func(h *house, w desk.Shown) { authorised(h, w, h.signatures(warrant.Namespace, w, 1, 1)...) },
		"officer who asks":             func(h *house, w desk.Shown) { authorised(h, w, h.signatures(warrant.Namespace, w, 0, 1)...) },
		"was made for \"ssh\"":         func(h *house, w desk.Shown) { authorised(h, w, h.signatures("ssh", w, 1, 2)...) },
		"not of this warrant": func(h *house, w desk.Shown) {
			other := h.ask(0, h.suspend(4))
			authorised(h, w, h.signatures(warrant.Namespace, other, 1, 2)...)
		},
		"officer of another office": func(h *house, _ desk.Shown) {
			w := h.ask(1, h.suspend(4))
			authorised(h, w, h.signatures(warrant.Namespace, w, 0, 3)...)
		},
		"authorised before": func(h *house, w desk.Shown) {
			signed := h.signatures(warrant.Namespace, w, 1, 2)
			authorised(h, w, signed...)
			authorised(h, w, signed...)
		},
		"within its time": func(h *house, w desk.Shown) {
			time.Sleep(8 * day)
			authorised(h, w, h.signatures(warrant.Namespace, w, 1, 2)...)
		},
		"has authorised nothing": func(h *house, _ desk.Shown) { h.forged(ledger.Executed, ledger.ExecutedBody{Authorised: 0}) },
		"before its time": func(h *house, w desk.Shown) {
			h.forged(ledger.Executed, ledger.ExecutedBody{Authorised: authorised(h, w, h.signatures(warrant.Namespace, w, 1, 2)...)})
		},
		"after its time": func(h *house, w desk.Shown) {
			n := authorised(h, w, h.signatures(warrant.Namespace, w, 1, 2)...)
			time.Sleep(8 * day)
			h.forged(ledger.Executed, ledger.ExecutedBody{Authorised: n})
		},
		"carried out already": func(h *house, w desk.Shown) {
			n := authorised(h, w, h.signatures(warrant.Namespace, w, 1, 2)...)
			time.Sleep(day)
			h.forged(ledger.Executed, ledger.ExecutedBody{Authorised: n})
			h.forged(ledger.Executed, ledger.ExecutedBody{Authorised: n})
		},
		"does not show that it was witnessed": func(h *house, w desk.Shown) {
			n := authorised(h, w, h.signatures(warrant.Namespace, w, 1, 2)...)
			time.Sleep(day)
			h.forged(ledger.Executed, ledger.ExecutedBody{Authorised: n, Checkpoint: "wardroom.test/ledger\n1\nAAAA\n"})
		},
		"was not carried out": func(h *house, w desk.Shown) {
			h.forged(ledger.Done, ledger.ActBody{Authorised: authorised(h, w, h.signatures(warrant.Namespace, w, 1, 2)...)})
		},
		"its time is not over": func(h *house, w desk.Shown) {
			h.forged(ledger.Lapsed, ledger.ActBody{Authorised: authorised(h, w, h.signatures(warrant.Namespace, w, 1, 2)...)})
		},
		"there is a charter already": func(h *house, w desk.Shown) {
			head, err := warrant.ParseHead(w.Head)
			if err != nil {
				h.t.Fatal(err)
			}
			head.Kind, head.Until, head.Charter = warrant.Appoint, 0, &warrant.Charter{Approvals: 2}
			head.Appoint = []warrant.Officer{{Key: h.keys[0].Public(), Office: warrant.Staff, Person: "p", Until: head.ApproveBy}}
			if w.Head, err = head.Bytes(); err != nil {
				h.t.Fatal(err)
			}
			authorised(h, w, h.signatures(warrant.Namespace, w, 0)...)
		},
	} {
		t.Run(says, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(t)
				h.appointed()
				forge(h, h.ask(0, h.suspend(5)))
				if err := h.Ledger.Publish(t.Context()); err != nil {
					t.Fatal(err)
				}
				power := &warrant.Record{}
				_, err := ledger.Verify(t.Context(), reader{h.Ledger}, ledger.Trust{Key: h.Ledger.Key(), Rules: []ledger.Rule{power.Entry}})
				if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
					t.Errorf("it says %v, and not %q", err, says)
				}
			})
		})
	}
}
