package clientapi

import (
	"errors"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"wardroom/internal/fault"
)

func FuzzStage(f *testing.F) {
	for _, body := range []string{"", "null", "{}", `{"auth":{}}`, `{"auth":null,"devices":["a"]}`, `{"auth":{"type":"m.login.password","session":"x"}}`, `{"auth":[]}`, `[]`, "\xff"} {
		f.Add([]byte(body))
	}
	a := &API{}
	f.Fuzz(func(t *testing.T, body []byte) {
		asked := false
		given, err := a.stage(&request{Request: httptest.NewRequest("POST", "/delete_devices", nil)}, body, []string{stagePassword}, func(auth) error {
			asked = true
			return nil
		})
		var refusal *fault.Fault
		if err == nil && (!asked || given.Type != stagePassword) {
			t.Errorf("%q passed without an answer to its stage", body)
		}
		if err != nil && !errors.As(err, &refusal) {
			t.Errorf("%q is the server's own failure: %v", body, err)
		}
	})
}

func TestConfirmationsAreBoundedAndEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c confirms
		first := c.begin([32]byte{1})
		for range maxConfirms {
			c.begin([32]byte{2})
		}
		if _, ok := c.find(first); ok || len(c.open) != maxConfirms || len(c.age) != maxConfirms {
			t.Errorf("%d confirmations are open, the oldest among them: %v", len(c.open), ok)
		}
		last := c.begin([32]byte{3})
		c.passed(last, auth{Type: stagePassword})
		if found, ok := c.find(last); !ok || found.done == nil {
			t.Error("the newest confirmation is not there")
		}
		time.Sleep(confirmLasts)
		if _, ok := c.find(last); ok {
			t.Error("a confirmation outlived its time")
		}
		c.begin([32]byte{4})
		if len(c.open) != 1 {
			t.Errorf("%d confirmations are open after all but one have ended", len(c.open))
		}
	})
}
