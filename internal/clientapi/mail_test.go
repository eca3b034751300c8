package clientapi_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"wardroom/internal/clientapi"
	"wardroom/internal/config"
	"wardroom/internal/device/devicetest"
	"wardroom/internal/mail"
	"wardroom/internal/stream"
)

const (
	askToReset = v3 + "/account/password/email/requestToken"
	askToAdd   = v3 + "/account/3pid/email/requestToken"
	confirmAt  = "/_matrix/client/unstable/org.wardroom/mail/confirm"
)

// letters takes all that is in the outbox out of it.
func (s *server) letters(t testing.TB) (all []mail.Letter) {
	t.Helper()
	err := s.db.Do(t.Context(), func(u stream.Unit) (err error) {
		if all, err = s.db.DueLetters(u, u.Now().UnixMilli(), 100); err != nil {
			return err
		}
		for _, l := range all {
			if err := s.db.DropLetter(u, l.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// letter is the one that is in the outbox, which must be of that kind.
func (s *server) letter(t testing.TB, kind mail.Kind, to string) mail.Letter {
	t.Helper()
	all := s.letters(t)
	if len(all) != 1 || all[0].Kind != kind || all[0].To.Mail != to {
		t.Fatalf("in the outbox are %+v, not %q to %q", all, kind, to)
	}
	return all[0]
}

// open opens a letter's link.
func (s *server) open(t testing.TB, l mail.Letter) reply {
	t.Helper()
	return s.call(t, "", "POST", confirmAt, object{"sid": l.Values["sid"], "token": l.Values["token"]})
}

// mailed gives p's account an address.
func (p *person) mailed(t testing.TB, address string) {
	t.Helper()
	sid := text(p.ok(t, "POST", askToAdd, object{"client_secret": "s", "email": address, "send_attempt": 1})["sid"])
	if r := p.server.open(t, p.server.letter(t, mail.ConfirmAddress, address)); r.status != 200 || r.body["for"] != "add" {
		t.Fatalf("opening the link: %d %s", r.status, r.raw)
	}
	if r := p.confirmed(t, "POST", v3+"/account/3pid/add", object{"client_secret": "s", "sid": sid}, password); r.status != 200 {
		t.Fatalf("adding the address: %d %s", r.status, r.raw)
	}
}

// asksToReset asks for a new password and gives the ID of the proof.
func (s *server) asksToReset(t testing.TB, address, secret string, attempt int) string {
	t.Helper()
	r := s.call(t, "", "POST", askToReset, object{"client_secret": secret, "email": address, "send_attempt": attempt})
	if r.status != 200 || text(r.body["sid"]) == "" || len(r.body) != 1 {
		t.Fatalf("asking for a new password: %d %s", r.status, r.raw)
	}
	return text(r.body["sid"])
}

// resets sets a new password with a proof.
func (s *server) resets(t testing.TB, sid, secret, password string, more object) reply {
	t.Helper()
	body := object{"new_password": password, "auth": object{"type": "m.login.email.identity", "threepid_creds": object{"sid": sid, "client_secret": secret}}}
	for k, v := range more {
		body[k] = v
	}
	return s.call(t, "", "POST", changePassword, body)
}

func (s *server) signsIn(t testing.TB, name, password string) reply {
	t.Helper()
	return s.call(t, "", "POST", v3+"/login", object{"type": "m.login.password", "identifier": object{"type": "m.id.user", "user": name}, "password": password})
}

func toJSON(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func addressesOf(t testing.TB, p *person) []any {
	t.Helper()
	all, _ := p.ok(t, "GET", v3+"/account/3pid", nil)["threepids"].([]any)
	return all
}

func TestAnAddressIsAddedByWhoReadsItsMail(t *testing.T) {
	s := newServer(t)
	lin, sora := s.newPerson(t, "lin"), s.newPerson(t, "sora")
	sid := text(lin.ok(t, "POST", askToAdd, object{"client_secret": "s", "email": " Lin@Example.org ", "send_attempt": 1})["sid"])
	add := object{"client_secret": "s", "sid": sid}
	if r := lin.confirmed(t, "POST", v3+"/account/3pid/add", add, password); r.errcode() != "M_THREEPID_AUTH_FAILED" {
		t.Errorf("before the link was opened: %d %s", r.status, r.raw)
	}
	letter := s.letter(t, mail.ConfirmAddress, "lin@example.org")
	for what, in := range map[string]object{
		"another token": {"sid": sid, "token": "made up"}, "no token": {"sid": sid}, "another proof": {"sid": "made up", "token": letter.Values["token"]},
	} {
		if r := s.call(t, "", "POST", confirmAt, in); r.status != 404 {
			t.Errorf("%s: %d %s", what, r.status, r.raw)
		}
	}
	if r := s.open(t, letter); r.status != 200 || r.body["for"] != "add" {
		t.Fatalf("opening the link: %d %s", r.status, r.raw)
	}
	if r := s.open(t, letter); r.status != 404 {
		t.Errorf("opening the link again: %d %s", r.status, r.raw)
	}
	if r := lin.confirmed(t, "POST", v3+"/account/3pid/add", object{"client_secret": "other", "sid": sid}, password); r.errcode() != "M_THREEPID_AUTH_FAILED" {
		t.Errorf("with another client's secret: %d %s", r.status, r.raw)
	}
	if r := lin.call(t, "POST", v3+"/account/3pid/add", add); r.status != 401 || r.body["flows"] == nil {
		t.Errorf("without the password: %d %s", r.status, r.raw)
	}
	if r := s.resets(t, sid, "s", "eight quiet boats", nil); r.status != 401 || r.errcode() != "M_THREEPID_AUTH_FAILED" {
		t.Errorf("a proof for adding resets a password: %d %s", r.status, r.raw)
	}
	if r := lin.confirmed(t, "POST", v3+"/account/3pid/add", add, password); r.status != 200 {
		t.Fatalf("adding: %d %s", r.status, r.raw)
	}
	if all := addressesOf(t, lin); len(all) != 1 || all[0].(object)["address"] != "lin@example.org" || all[0].(object)["medium"] != "email" {
		t.Errorf("the addresses are %v", all)
	}
	if r := lin.confirmed(t, "POST", v3+"/account/3pid/add", add, password); r.errcode() != "M_THREEPID_AUTH_FAILED" {
		t.Errorf("the proof again: %d %s", r.status, r.raw)
	}

	// Somebody else who asks for it learns nothing; whoever reads its mail does.
	theirs := sora.call(t, "POST", askToAdd, object{"client_secret": "s", "email": "LIN@example.org", "send_attempt": 1})
	free := sora.call(t, "POST", askToAdd, object{"client_secret": "s", "email": "free@example.org", "send_attempt": 1})
	if theirs.status != 200 || free.status != 200 || len(theirs.raw) != len(free.raw) {
		t.Errorf("asked for an address that is taken: %d %s, for a free one: %d %s", theirs.status, theirs.raw, free.status, free.raw)
	}
	for _, l := range s.letters(t) {
		if taken := l.To.Mail == "lin@example.org"; taken != (l.Kind == mail.AddressTaken) || taken && len(l.Values) != 0 {
			t.Errorf("written was %+v", l)
		}
	}
	if r := lin.call(t, "POST", askToAdd, object{"client_secret": "s", "email": "second@example.org", "send_attempt": 1}); r.status != 200 {
		t.Fatal(string(r.raw))
	}
	second := s.letter(t, mail.ConfirmAddress, "second@example.org")
	s.open(t, second)
	if r := lin.confirmed(t, "POST", v3+"/account/3pid/add", object{"client_secret": "s", "sid": second.Values["sid"]}, password); r.errcode() != "M_THREEPID_DENIED" {
		t.Errorf("a second address: %d %s", r.status, r.raw)
	}

	if r := sora.call(t, "POST", v3+"/account/3pid/delete", object{"medium": "email", "address": "lin@example.org"}); r.status != 404 {
		t.Errorf("removing another's: %d %s", r.status, r.raw)
	}
	lin.ok(t, "POST", v3+"/account/3pid/delete", object{"medium": "email", "address": "Lin@example.org"})
	s.letter(t, mail.AddressRemoved, "lin@example.org")
	if all := addressesOf(t, lin); len(all) != 0 {
		t.Errorf("the addresses are %v", all)
	}
	sora.mailed(t, "lin@example.org") // it is free again
}

func TestAnAddressThatSomebodyTookMeanwhileIsNotTakenFromThem(t *testing.T) {
	s := newServer(t)
	lin, sora := s.newPerson(t, "lin"), s.newPerson(t, "sora")
	sid := text(sora.ok(t, "POST", askToAdd, object{"client_secret": "theirs", "email": "desk@example.org", "send_attempt": 1})["sid"])
	theirs := s.letter(t, mail.ConfirmAddress, "desk@example.org")
	sora.ok(t, "POST", askToAdd, object{"client_secret": "again", "email": "desk@example.org", "send_attempt": 1})
	again := s.letter(t, mail.ConfirmAddress, "desk@example.org")
	s.open(t, theirs)
	s.open(t, again)
	if r := sora.confirmed(t, "POST", v3+"/account/3pid/add", object{"client_secret": "theirs", "sid": sid}, password); r.status != 200 {
		t.Fatal(string(r.raw))
	}
	if r := lin.confirmed(t, "POST", v3+"/account/3pid/add", object{"client_secret": "again", "sid": again.Values["sid"]}, password); r.errcode() != "M_THREEPID_AUTH_FAILED" {
		t.Errorf("%d %s", r.status, r.raw) // that it was taken ended the other proofs
	}
	if all := addressesOf(t, lin); len(all) != 0 {
		t.Errorf("lin has %v", all)
	}
}

func TestAResetByMailNeverTouchesKeys(t *testing.T) {
	s := newServer(t)
	lin, sora := s.newPerson(t, "lin"), s.newPerson(t, "sora")
	room := lin.newRoom(t, object{})
	lin.invite(t, room, sora)
	sora.join(t, room)
	lin.mailed(t, "lin@example.org")
	of := devicetest.NewPerson(lin.user)
	k := of.Keys()
	lin.ok(t, "POST", v3+"/keys/upload", object{"device_keys": lin.keys().Keys()})
	lin.ok(t, "POST", v3+"/keys/device_signing/upload", object{"master_key": k.Master, "self_signing_key": k.SelfSigning, "user_signing_key": k.UserSigning})
	backup := object{"algorithm": "m.megolm_backup.v1.curve25519-aes-sha2", "auth_data": object{"public_key": strings.Repeat("A", 43)}}
	version := text(lin.ok(t, "POST", v3+"/room_keys/version", backup)["version"])
	lin.ok(t, "PUT", v3+"/room_keys/keys/"+room+"/session?version="+version, sessionData(1))
	asleep := lin.keys()
	asleep.Device = "asleep"
	lin.ok(t, "PUT", "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device", object{"device_id": "asleep", "device_data": object{"x": 1}, "device_keys": asleep.Keys()})
	ask := object{"device_keys": object{string(lin.user): []string{}}}
	type seen struct{ master, self, backup, keys string }
	look := func(p *person) seen {
		q := sora.call(t, "POST", v3+"/keys/query", ask)
		return seen{toJSON(t, q.body["master_keys"]), toJSON(t, q.body["self_signing_keys"]), string(p.call(t, "GET", v3+"/room_keys/version", nil).raw),
			string(p.call(t, "GET", v3+"/room_keys/keys?version="+version, nil).raw)}
	}
	before := look(lin)

	sid := s.asksToReset(t, "LIN@example.org", "secret", 1)
	letter := s.letter(t, mail.NewPassword, "lin@example.org")
	if r := s.resets(t, sid, "secret", "eight quiet boats", nil); r.status != 401 || r.errcode() != "M_THREEPID_AUTH_FAILED" {
		t.Errorf("before the link was opened: %d %s", r.status, r.raw)
	}
	if r := s.open(t, letter); r.status != 200 || r.body["for"] != "reset" {
		t.Fatalf("opening the link: %d %s", r.status, r.raw)
	}
	if r := s.resets(t, sid, "guessed", "eight quiet boats", nil); r.status != 401 {
		t.Errorf("with another client's secret: %d %s", r.status, r.raw)
	}
	if r := s.resets(t, sid, "secret", "short", nil); r.errcode() != "M_WEAK_PASSWORD" {
		t.Errorf("a short password: %d %s", r.status, r.raw)
	}
	if r := s.resets(t, sid, "secret", "eight quiet boats", nil); r.status != 200 {
		t.Fatalf("resetting: %d %s", r.status, r.raw)
	}
	s.letter(t, mail.PasswordReset, "lin@example.org")
	if r := s.resets(t, sid, "secret", "nine quiet boats", nil); r.status != 401 {
		t.Errorf("the proof again: %d %s", r.status, r.raw)
	}
	if r := lin.call(t, "GET", v3+"/account/whoami", nil); r.status != 401 || r.body["soft_logout"] != nil {
		t.Errorf("the device of before: %d %s", r.status, r.raw)
	}
	if r := s.signsIn(t, "lin", password); r.status != 403 {
		t.Errorf("the password of before: %d %s", r.status, r.raw)
	}
	newer := s.signedIn(t, s.signsIn(t, "lin", "eight quiet boats"))
	newer.ok(t, "POST", v3+"/keys/upload", object{"device_keys": newer.keys().Keys()})
	if after := look(newer); after != before || before.master == "null" || !strings.Contains(before.keys, "session") {
		t.Errorf("the keys were %+v\nand are %+v", before, after)
	}
	devices := sora.ok(t, "POST", v3+"/keys/query", ask)["device_keys"].(object)[string(lin.user)].(object)
	if devices["asleep"] == nil || devices[string(newer.device)] == nil || len(devices) != 2 {
		t.Errorf("the devices are %v", devices)
	}
	if signed := toJSON(t, devices[string(newer.device)]); strings.Contains(signed, devicetest.Public(of.SelfSigning)) {
		t.Errorf("the new device is verified: %s", signed)
	}
	told := newer.ok(t, "GET", v3+"/user/"+string(lin.user)+"/account_data/org.wardroom.password_reset", nil)
	if told["on"] != time.Now().UTC().Format(time.DateOnly) || text(told["id"]) == "" {
		t.Errorf("the new device is told %v", told)
	}
	if r := newer.call(t, "PUT", v3+"/user/"+string(lin.user)+"/account_data/org.wardroom.password_reset", object{}); r.status != 405 {
		t.Errorf("hiding that: %d %s", r.status, r.raw)
	}
}

// Whoever knew the old password may have given the account an address of their own.
func TestANewPasswordThatSignsOutTakesTheAddressOff(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	lin.mailed(t, "lin@example.org")
	addresses := func() int { return len(lin.ok(t, "GET", v3+"/account/3pid", nil)["threepids"].([]any)) }
	change := func(to, from string, out bool) {
		t.Helper()
		if r := lin.confirmed(t, "POST", v3+"/account/password", object{"new_password": to, "logout_devices": out}, from); r.status != 200 {
			t.Fatalf("changing the password: %d %s", r.status, r.raw)
		}
	}
	change("eight quiet boats", password, false)
	if n := addresses(); n != 1 {
		t.Errorf("there are %d addresses after a change that signs nobody out", n)
	}
	change("nine quiet boats", "eight quiet boats", true)
	if n := addresses(); n != 0 {
		t.Errorf("there are %d addresses after a change that signs everybody else out", n)
	}
	s.letter(t, mail.AddressRemoved, "lin@example.org")
}

func TestAResetMayLeaveDevicesSignedIn(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	lin.mailed(t, "lin@example.org")
	since := text(lin.ok(t, "GET", v3+"/sync", nil)["next_batch"])
	sid := s.asksToReset(t, "lin@example.org", "secret", 1)
	s.open(t, s.letters(t)[0])
	if r := s.resets(t, sid, "secret", "eight quiet boats", object{"logout_devices": false}); r.status != 200 {
		t.Fatalf("resetting: %d %s", r.status, r.raw)
	}
	if r := lin.call(t, "GET", v3+"/sync?since="+since, nil); r.status != 200 || !strings.Contains(string(r.raw), "org.wardroom.password_reset") {
		t.Errorf("the device of before is told %d %s", r.status, r.raw)
	}
}

func TestStrangersDoNotLearnWhoseAddressItIs(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	lin.mailed(t, "lin@example.org")
	known := s.call(t, "", "POST", askToReset, object{"client_secret": "s", "email": "lin@example.org", "send_attempt": 1})
	first := s.letters(t)
	unknown := s.call(t, "", "POST", askToReset, object{"client_secret": "s", "email": "who@example.org", "send_attempt": 1})
	second := s.letters(t)
	if known.status != 200 || unknown.status != 200 || len(known.raw) != len(unknown.raw) {
		t.Errorf("known: %d %s, unknown: %d %s", known.status, known.raw, unknown.status, unknown.raw)
	}
	// The same work: a row in the outbox, which is to nobody for an address that is nobody's.
	if len(first) != 1 || len(second) != 1 || first[0].To.Mail != "lin@example.org" || second[0].To.Mail != "" {
		t.Errorf("in the outbox were %+v and %+v", first, second)
	}
	if r := s.call(t, "", "POST", v3+"/login", object{"type": "m.login.password", "password": password,
		"identifier": object{"type": "m.id.thirdparty", "medium": "email", "address": "lin@example.org"}}); r.status != 400 {
		t.Errorf("signing in by an address: %d %s", r.status, r.raw)
	}
	if r := lin.call(t, "POST", v3+"/user_directory/search", object{"search_term": "example.org"}); r.status != 200 || strings.Contains(string(r.raw), "lin@example.org") {
		t.Errorf("looking for an address: %d %s", r.status, r.raw)
	}
}

func TestALinkIsForOneLetter(t *testing.T) {
	s := newServer(t)
	s.newPerson(t, "lin").mailed(t, "lin@example.org")
	sid := s.asksToReset(t, "lin@example.org", "s", 1)
	first := s.letter(t, mail.NewPassword, "lin@example.org")
	if again := s.asksToReset(t, "lin@example.org", "s", 1); again != sid || len(s.letters(t)) != 0 {
		t.Error("asked again with the same number, another letter is sent")
	}
	if again := s.asksToReset(t, "lin@example.org", "s", 2); again != sid {
		t.Error("asked for another letter, it is another proof")
	}
	second := s.letter(t, mail.NewPassword, "lin@example.org")
	if other := s.asksToReset(t, "lin@example.org", "other", 1); other == sid {
		t.Error("another client is given the same proof")
	}
	if r := s.open(t, first); r.status != 404 {
		t.Errorf("the link of the earlier letter: %d %s", r.status, r.raw)
	}
	if r := s.open(t, second); r.status != 200 {
		t.Errorf("the link of the later letter: %d %s", r.status, r.raw)
	}
}

// end lets the time of a proof be over.
func (s *server) end(t testing.TB, sid string) {
	t.Helper()
	err := s.db.Do(t.Context(), func(u stream.Unit) error {
		p, ok, err := s.db.MailProof(u, sid)
		if err != nil || !ok {
			t.Errorf("there is no proof %q: %v", sid, err)
		}
		if hour := u.Now().Add(time.Hour).UnixMilli(); p.UntilMS > hour || p.UntilMS < hour-600_000 {
			t.Errorf("it ends at %d, not an hour from now", p.UntilMS)
		}
		p.UntilMS = u.Now().UnixMilli()
		return s.db.PutMailProof(u, p)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatWasAskedForByMailEnds(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	lin.mailed(t, "lin@example.org")
	opened := func(secret string) string {
		sid := s.asksToReset(t, "lin@example.org", secret, 1)
		s.open(t, s.letters(t)[0])
		return sid
	}
	late := opened("late")
	s.end(t, late)
	if r := s.resets(t, late, "late", "eight quiet boats", nil); r.status != 401 {
		t.Errorf("an hour after the letter: %d %s", r.status, r.raw)
	}
	s.end(t, s.asksToReset(t, "lin@example.org", "later", 1))
	if r := s.open(t, s.letters(t)[0]); r.status != 404 {
		t.Errorf("a link after an hour: %d %s", r.status, r.raw)
	}
	changed := opened("changed")
	if r := lin.confirmed(t, "POST", changePassword, object{"new_password": "eight quiet boats", "logout_devices": false}, password); r.status != 200 {
		t.Fatal(string(r.raw))
	}
	if r := s.resets(t, changed, "changed", "nine quiet boats", nil); r.status != 401 {
		t.Errorf("after the password was changed: %d %s", r.status, r.raw)
	}
	removed := opened("removed")
	lin.ok(t, "POST", v3+"/account/3pid/delete", object{"medium": "email", "address": "lin@example.org"})
	if r := s.resets(t, removed, "removed", "nine quiet boats", nil); r.status != 401 {
		t.Errorf("after the address was removed: %d %s", r.status, r.raw)
	}
}

func TestHowManyLettersAreAskedForIsBounded(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	s.api.Unlimited = false
	ask := func(token, path, address string) reply {
		return s.call(t, token, "POST", path, object{"client_secret": "s", "email": address, "send_attempt": 1})
	}
	for range 3 {
		if r := ask("", askToReset, "lin@example.org"); r.status != 200 {
			t.Fatal(string(r.raw))
		}
	}
	if wrong := ask("", askToReset, "LIN@example.org").refusedForRate(); wrong != "" {
		t.Error(wrong)
	}
	if r := ask(lin.token, askToAdd, "lin@example.org"); r.status != 429 {
		t.Errorf("the same address in another way: %d", r.status)
	}
	clientapi.LettersInAll(t, 1)
	if r := ask("", askToReset, "a@example.org"); r.status != 200 {
		t.Fatal(string(r.raw))
	}
	if wrong := ask("", askToReset, "b@example.org").refusedForRate(); wrong != "" {
		t.Error(wrong)
	}
	if r := ask(lin.token, askToAdd, "b@example.org"); r.status != 200 { // strangers do not keep those who are here from it
		t.Errorf("somebody who is signed in: %d %s", r.status, r.raw)
	}
}

func TestWithoutMailNothingIsOffered(t *testing.T) {
	s := newServer(t)
	lin := s.newPerson(t, "lin")
	offered := func() (by bool, changes any) {
		can := lin.ok(t, "GET", v3+"/capabilities", nil)["capabilities"].(object)["m.3pid_changes"].(object)
		return s.call(t, "", "GET", "/.well-known/matrix/client", nil).body["org.wardroom.reset"] != nil, can["enabled"]
	}
	if by, changes := offered(); !by || changes != true {
		t.Errorf("with mail: %t, %v", by, changes)
	}
	s.api.Accounts.Mail.Conf = config.Mail{}
	if by, changes := offered(); by || changes != false {
		t.Errorf("without mail: %t, %v", by, changes)
	}
	for _, path := range []string{askToReset, askToAdd} {
		if r := lin.call(t, "POST", path, object{"client_secret": "s", "email": "lin@example.org", "send_attempt": 1}); r.errcode() != "M_THREEPID_MEDIUM_NOT_SUPPORTED" {
			t.Errorf("%s: %d %s", path, r.status, r.raw)
		}
	}
	if r := s.resets(t, "x", "y", "eight quiet boats", nil); r.errcode() != "M_MISSING_TOKEN" {
		t.Errorf("%d %s", r.status, r.raw)
	}
	if len(s.letters(t)) != 0 {
		t.Error("there is something in the outbox")
	}
}

func TestWhatIsNoMailAddress(t *testing.T) {
	s := newServer(t)
	for _, address := range []string{"", "lin", "Lin <lin@example.org>", "lin@example.org, sora@example.org", "lin@example.org\r\nBcc: all@example.org", "林@example.org", strings.Repeat("a", 250) + "@example.org"} {
		if r := s.call(t, "", "POST", askToReset, object{"client_secret": "s", "email": address, "send_attempt": 1}); r.errcode() != "M_INVALID_PARAM" {
			t.Errorf("%q: %d %s", address, r.status, r.raw)
		}
	}
	for _, secret := range []string{"", "a b", strings.Repeat("a", 256)} {
		if r := s.call(t, "", "POST", askToReset, object{"client_secret": secret, "email": "lin@example.org", "send_attempt": 1}); r.errcode() != "M_INVALID_PARAM" {
			t.Errorf("secret %q: %d %s", secret, r.status, r.raw)
		}
	}
}
