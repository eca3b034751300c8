package account_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"wardroom/internal/account"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

// refusal fails the test for an error that is not a refusal of what the client sent.
func refusal(t *testing.T, err error) {
	t.Helper()
	var f *fault.Fault
	if err != nil && (!errors.As(err, &f) || f.Code.Status < 400 || f.Code.Status >= 500 || f.Says == "") {
		t.Errorf("%v", err)
	}
}

// sameJSON reports whether a and b are the same value, numbers as they are written.
func sameJSON(a, b any) bool {
	value := func(v any) (out any) {
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&out); err != nil {
			return err
		}
		return out
	}
	return reflect.DeepEqual(value(a), value(b))
}

func FuzzPushRule(f *testing.F) {
	for _, seed := range [][4]string{
		{"override", "mine", "", `{"actions":["notify",{"set_tweak":"sound","value":"x"}],"conditions":[{"kind":"event_match","key":"a.b","pattern":"*"}]}`},
		{"content", "word", "", `{"actions":[],"pattern":"lin"}`},
		{"room", "!a:b", "", `{"actions":["dont_notify"]}`},
		{"sender", "@a:b", "nobody", `{"actions":[null,7,[[]]]}`},
		{"underride", "x", "x", `{"actions":[],"conditions":[{"kind":"event_property_is","key":"k","value":{"deep":[1e99]}}],"enabled":false,"default":true}`},
		{"none", ".m.rule.master", "", `{}`},
		{"content", "a\x00", "", `{"actions":[],"pattern":""}`},
		{"override", "a/b", "", `{"actions":null}`},
		{"room", "\xff", "", `{"actions":["\ud800"]}`},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	a, g := signedUp(f)
	rules := func(t *testing.T) account.PushRules {
		t.Helper()
		all, err := a.PushRules(t.Context(), g.Session)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	f.Fuzz(func(t *testing.T, kind, id, beside, text string) {
		var rule account.Rule
		if json.Unmarshal([]byte(text), &rule) != nil || !utf8.ValidString(id) { // an address that is not UTF-8 is refused before
			return
		}
		rule.ID = id
		before := rules(t)
		err := a.PutPushRule(t.Context(), g.Session, kind, rule, beside, "")
		refusal(t, err)
		if err != nil {
			if !sameJSON(rules(t), before) {
				t.Errorf("a refused rule changed the rules")
			}
			return
		}
		kept, err := a.PushRule(t.Context(), g.Session, kind, id)
		if err != nil {
			t.Fatalf("the rule %q that was taken is not there: %v", id, err)
		}
		if rule.Default, rule.Enabled = false, kept.Enabled; !sameJSON(kept, rule) {
			t.Errorf("%+v was kept as %+v", rule, kept)
		}
		refusal(t, a.EnablePushRule(t.Context(), g.Session, kind, id, false))
		if kept, err := a.PushRule(t.Context(), g.Session, kind, id); err != nil || kept.Enabled {
			t.Errorf("a rule that was switched off is %v, %v", kept, err)
		}
		if err := a.DeletePushRule(t.Context(), g.Session, kind, id); err != nil {
			t.Fatal(err)
		}
		if after := rules(t); !sameJSON(after, before) {
			t.Errorf("after adding and removing a rule there are other ones than before")
		}
	})
}

func FuzzProfile(f *testing.F) {
	for _, seed := range [][2]string{
		{"displayname", `"林秋硯"`}, {"displayname", `null`}, {"displayname", `7`}, {"avatar_url", `"mxc://a/b"`}, {"avatar_url", `"https://a"`},
		{"m.tz", `"Asia/Tokyo"`}, {"org.example.x", `{"a":[1,2,{"b":1e400}]}`}, {"org.example.x", `"\u0000"`}, {"Org.x", `1`}, {"", `1`}, {"a..b", `1`}, {"m.tz", "\"\xff\""},
	} {
		f.Add(seed[0], seed[1])
	}
	a, g := signedUp(f)
	f.Fuzz(func(t *testing.T, field, value string) {
		if !json.Valid([]byte(value)) {
			return
		}
		err := a.SetProfile(t.Context(), g.Session, g.User, field, json.RawMessage(value))
		refusal(t, err)
		if err != nil {
			return
		}
		fields, err := a.Profile(t.Context(), g.User)
		if err != nil {
			t.Fatal(err)
		}
		kept, ok := fields[field]
		takenBack := (field == account.DisplayName || field == account.AvatarURL) && (sameJSON(json.RawMessage(value), nil) || sameJSON(json.RawMessage(value), ""))
		if ok == takenBack || ok && !sameJSON(kept, json.RawMessage(value)) {
			t.Errorf("%s: %s was kept as %s", field, value, kept)
		}
		refusal(t, a.SetProfile(t.Context(), g.Session, mxid.User("@"+field+":wardroom.test"), field, json.RawMessage(value)))
		if err := a.DropProfile(t.Context(), g.Session, g.User, field); err != nil {
			t.Errorf("a field that was taken, %q, cannot be removed: %v", field, err)
		}
	})
}

func FuzzFilterForm(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":1,"a":2}`, `{"b":1.0,"a":[]}`, `{"x":12345678901234567890}`, `{"\u0000":"<&>"}`, `{} {}`, `nul`, "{\"\xff\":1}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		form, err := account.OneForm([]byte(text))
		refusal(t, err)
		if err != nil {
			return
		}
		if !sameJSON(form, json.RawMessage(text)) {
			t.Errorf("%s became %s", text, form)
		}
		if again, err := account.OneForm(form); err != nil || !bytes.Equal(again, form) {
			t.Errorf("%s, written once more, is %s, %v", form, again, err)
		}
	})
}

// FuzzMailAddress looks at whatever is given as a mail address: what is taken for one is one line, in one form, and goes into a letter as it is.
func FuzzMailAddress(f *testing.F) {
	for _, s := range []string{"lin@example.org", " LIN@Example.ORG ", "\"a b\"@example.org", "a@b\r\nBcc: c@d", "Lin <lin@example.org>", "a@[127.0.0.1]", "(x)a@b", "a@b, c@d", "林@example.org", "\xff@b"} {
		f.Add(s)
	}
	accounts := account.New(nil, "wardroom.test")
	f.Fuzz(func(t *testing.T, s string) {
		is, err := accounts.MailIsAt(s)
		refusal(t, err)
		if err != nil {
			return
		}
		if strings.ContainsAny(is, " \r\n\t<>,") || !strings.Contains(is, "@") || strings.ToLower(is) != is {
			t.Errorf("%q is taken for %q", s, is)
		}
		if again, err := accounts.MailIsAt(is); err != nil || again != is {
			t.Errorf("%q becomes %q, and that %q, %v", s, is, again, err)
		}
	})
}
