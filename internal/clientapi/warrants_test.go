package clientapi_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/fault"
	"wardroom/internal/stream"
	"wardroom/internal/warrant/warranttest"
)

// appointee is somebody whom a warrant appoints for a year.
func appointee(p *person, office string, key warranttest.Key) object {
	return object{"user": p.user, "office": office, "key": key.Public(), "until": time.Now().AddDate(1, 0, 0).Unix()}
}

// firstWarrant is what the first warrant says.
func firstWarrant(reasons string, appoint ...object) object {
	return object{
		"kind": "appoint", "law": "DE", "scope": "appoints the first officers", "ground": "the statutes, 7", "reasons": reasons, "appeal": "to the assembly",
		"charter": object{"approvals": 2, "seal_days": 0, "state_secrets": false}, "appoint": appoint,
	}
}

// suspended suspends somebody as an executed warrant would.
func (s *server) suspended(t *testing.T, p *person, until time.Time) {
	t.Helper()
	err := s.db.Do(t.Context(), func(u stream.Unit) error {
		who, _, err := s.db.PersonByID(u, p.user)
		if err != nil {
			return err
		}
		u.Next(stream.Topic(p.user))
		return s.db.AddSuspension(u, who.No, account.Suspension{Entry: 1, UntilMS: until.UnixMilli()})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Every route that changes something either stops for a suspended person, or is known to reach nobody else, or to be theirs all the same.
func TestEveryRouteIsJudgedForWhoIsSuspended(t *testing.T) {
	goes := map[string]string{
		"/_matrix/client/v3/login": "no session", "/_matrix/client/v3/register": "no session", "/_matrix/client/v3/refresh": "no session",
		"/_matrix/client/unstable/org.wardroom/oauth/": "signing in", "/_matrix/client/unstable/org.wardroom/passkey": "signing in",
		"/_matrix/client/v3/account/": "their own account", "/_matrix/client/unstable/org.wardroom/mail/": "their own account", "/_matrix/client/unstable/org.wardroom/invitation/": "no session",
		"/_matrix/client/v3/logout": "their devices", "/_matrix/client/v3/devices": "their devices", "/_matrix/client/v3/delete_devices": "their devices",
		"/_matrix/client/v3/keys/": "their keys", "/_matrix/client/v3/room_keys/": "their keys", "/_matrix/client/v3/sendToDevice/": "verifying devices needs it",
		"/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device": "their keys",
		"/_matrix/client/v3/user/{user}/account_data":                      "what is theirs", "/_matrix/client/v3/user/{user}/rooms": "what is theirs", "/_matrix/client/v3/user/{user}/filter": "what is theirs",
		"/_matrix/client/v3/pushrules": "what is theirs", "/_matrix/client/v3/pushers": "what is theirs", "/_matrix/client/v3/presence": "is kept of nobody",
		"/_matrix/client/v3/rooms/{roomId}/leave": "leaving", "/_matrix/client/v3/rooms/{roomId}/forget": "leaving", "/_matrix/client/v3/rooms/{roomId}/redact/": "what they wrote themselves",
		"/_matrix/client/v3/rooms/{roomId}/receipt": "reading", "/_matrix/client/v3/rooms/{roomId}/read_markers": "reading", "/_matrix/client/unstable/io.element.msc4306/": "reading",
		"/_matrix/client/v3/search": "reading", "/_matrix/client/unstable/org.wardroom/identity/": "reading", "/_matrix/client/v3/user_directory": "reading", "/_matrix/client/v3/publicRooms": "reading", "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync": "reading",
		"/_matrix/client/v3/rooms/{roomId}/report": "complaining", "/_matrix/client/v3/users/{userId}/report": "complaining", "/_matrix/client/unstable/org.wardroom/cases": "complaining",
		"/_matrix/client/unstable/org.matrix.msc4140/delayed_events/": "is judged when it is sent", "/_matrix/client/unstable/org.wardroom/invitations/{invitationId}": "taking back",
		"/_matrix/client/v1/appservice/": "is a service's",
	}
	s := newServer(t)
	p := s.newPerson(t, "ada")
	s.suspended(t, p, time.Now().Add(time.Hour))
	used := map[string]bool{}
	for _, route := range s.api.Routes() {
		method, path, _ := strings.Cut(route, " ")
		if method == "GET" {
			continue
		}
		asked := strings.NewReplacer("{$}", "", "{user}", string(p.user), "{field}", "displayname", "{serverName}", "wardroom.test").Replace(path)
		r := s.call(t, p.token, method, asked, object{})
		stops := r.status == 403 && r.errcode() == "M_USER_SUSPENDED"
		reason := ""
		for begins := range goes {
			if strings.HasPrefix(path+"/", begins) {
				reason, used[begins] = goes[begins], true
			}
		}
		if stops == (reason != "") {
			t.Errorf("%s: %d %s, and it is known as %q", route, r.status, r.errcode(), reason)
		}
		if method == "POST" && (strings.HasSuffix(path, "/logout") || strings.HasSuffix(path, "/all") || strings.HasSuffix(path, "deactivate")) && !stops {
			p = s.newPerson(t, "p"+strings.ToLower(time.Now().Format("150405.000000000"))[7:]) // that ended the device
			s.suspended(t, p, time.Now().Add(time.Hour))
		}
	}
	for _, begins := range slices.Sorted(maps.Keys(goes)) {
		if !used[begins] {
			t.Errorf("nothing begins with %s", begins)
		}
	}
}

func TestWhoIsSuspendedReadsAndDeletesWhatIsTheirs(t *testing.T) {
	s := newServer(t)
	ada, ben := s.newPerson(t, "ada"), s.newPerson(t, "ben")
	room := ada.newRoom(t, object{})
	ada.invite(t, room, ben)
	ben.join(t, room)
	mine, theirs := ada.say(t, room, "1", cipher("a")), ben.say(t, room, "2", cipher("b"))
	later := text(ada.ok(t, "PUT", in(room, "send", "m.room.encrypted", "later")+"?org.matrix.msc4140.delay=1", cipher("c"))["delay_id"])
	s.suspended(t, ada, time.Now().Add(time.Hour))
	r := s.call(t, ada.token, "PUT", in(room, "send", "m.room.encrypted", "3"), cipher("d"))
	if r.status != 403 || r.errcode() != "M_USER_SUSPENDED" || r.body["org.wardroom.until"] == nil {
		t.Errorf("a suspended person wrote: %d %s", r.status, r.raw)
	}
	ada.ok(t, "GET", in(room, "messages")+"?dir=b", nil)
	ada.ok(t, "PUT", in(room, "redact", mine, "4"), object{})
	if r := s.call(t, ada.token, "PUT", in(room, "redact", theirs, "5"), object{}); r.errcode() != "M_USER_SUSPENDED" {
		t.Errorf("a suspended person deleted what somebody else wrote: %d %s", r.status, r.raw)
	}
	// What was to be sent later is judged when it is sent.
	for {
		if next, err := s.api.Rooms.SendDue(t.Context()); err != nil {
			t.Fatal(err)
		} else if next.IsZero() {
			break
		}
	}
	if r := s.call(t, ada.token, "GET", "/_matrix/client/unstable/org.matrix.msc4140/delayed_events/"+later, nil); !strings.Contains(string(r.raw), "M_USER_SUSPENDED") {
		t.Errorf("what came of it: %s", r.raw)
	}
	// It ends by itself.
	s.suspended(t, ben, time.Now().Add(-time.Second))
	ben.say(t, room, "6", cipher("e"))
	if err := (account.Session{SuspendedMS: time.Now().Add(time.Minute).UnixMilli()}).Writes(); !fault.UserSuspended.In(err) {
		t.Error(err)
	}
}
