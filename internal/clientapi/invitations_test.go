package clientapi_test

import (
	"slices"
	"strings"
	"testing"
)

// invitations lists what p has made and nobody has used.
func (p *person) invitations(t *testing.T) (notes, ids []string) {
	t.Helper()
	list, ok := p.ok(t, "GET", invite, nil)["invitations"].([]any)
	if !ok {
		t.Fatal("there is no list")
	}
	for _, one := range list {
		is, _ := one.(map[string]any)
		notes, ids = append(notes, text(is["note"])), append(ids, text(is["id"]))
		if is["uses_left"] != 1.0 || is["expires_ts"] == nil || is["token"] != nil {
			t.Errorf("it is listed as %v", is)
		}
	}
	return notes, ids
}

func TestAnInvitationIsListedAndTakenBackByWhoMadeIt(t *testing.T) {
	s := newServer(t)
	lin, sato := s.newPerson(t, "lin"), s.newPerson(t, "sato")
	signUp := func(name string, token any) reply {
		return s.call(t, "", "POST", v3+"/register", object{"username": name, "password": password, "auth": object{"type": "m.login.registration_token", "token": token}})
	}
	if notes, _ := lin.invitations(t); len(notes) != 0 {
		t.Errorf("at first there are %v", notes)
	}
	first, second := lin.ok(t, "POST", invite, object{"note": "Mio"}), lin.ok(t, "POST", invite, object{"note": "Jo"})
	notes, ids := lin.invitations(t)
	if strings.Join(notes, " ") != "Mio Jo" && strings.Join(notes, " ") != "Jo Mio" {
		t.Fatalf("listed are %v", notes)
	}
	if notes, _ := sato.invitations(t); len(notes) != 0 {
		t.Errorf("another person is told of %v", notes)
	}
	mio := text(first["id"])
	if !slices.Contains(ids, mio) || !slices.Contains(ids, text(second["id"])) {
		t.Errorf("those with the IDs %v are listed, made were %s and %s", ids, mio, second["id"])
	}
	sato.refused(t, 404, "M_NOT_FOUND", "DELETE", invite+"/"+mio, nil)
	lin.ok(t, "DELETE", invite+"/"+mio, nil)
	if got := signUp("mio", first["token"]); got.status != 401 {
		t.Errorf("somebody signs up with what was taken back: %s", got.raw)
	}
	s.call(t, "", "POST", invitation, object{"token": first["token"]}).mustRefuse(t, 404, "M_NOT_FOUND")
	lin.refused(t, 404, "M_NOT_FOUND", "DELETE", invite+"/"+mio, nil)
	if got := signUp("jo", second["token"]); got.status != 200 {
		t.Errorf("the other one does not work: %s", got.raw)
	}
	if notes, _ := lin.invitations(t); len(notes) != 0 {
		t.Errorf("what was used and taken back is still listed: %v", notes)
	}

	// Taking back does not let anybody invite more people a day.
	for range 18 {
		lin.ok(t, "POST", invite, object{})
		_, ids := lin.invitations(t)
		lin.ok(t, "DELETE", invite+"/"+ids[0], nil)
	}
	lin.refused(t, 429, "M_LIMIT_EXCEEDED", "POST", invite, object{})
}
