package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wardroom/internal/config"
	"wardroom/internal/mxid"
)

// registration is a registration as bridges write it, for people to read and with fields for other servers.
const registration = `# made by the bridge
id: telegraph
url: http://localhost:29317/
as_token: 30c05ae90a248a4188e620216fa72e349803310ec83e2a77b34fe90be6081f46
hs_token: 312df522183efd404ec1cd22d2ffa4bbc76a8c1ccf541dd692eef281356bb74e
sender_localpart: telegraphbot
rate_limited: false
org.example.ephemeral: true
namespaces:
    users:
        - exclusive: true
          regex: '^@telegraph_.*:office\.test$'
    aliases:
        - exclusive: true
          regex: '#telegraph_.*'
    rooms: []
`

func changed(old, now string) string { return strings.Replace(registration, old, now, 1) }

func mustAlias(t *testing.T, text string) mxid.Alias {
	t.Helper()
	alias, err := mxid.ParseAlias(text)
	if err != nil {
		t.Fatal(err)
	}
	return alias
}

func TestARegistrationIsReadAsBridgesWriteIt(t *testing.T) {
	s, err := config.ParseService([]byte(registration), "office.test")
	if err != nil {
		t.Fatal(err)
	}
	if s.ID != "telegraph" || s.URL != "http://localhost:29317" || s.Sender != "@telegraphbot:office.test" || s.Limited ||
		s.Authorization() != "Bearer 312df522183efd404ec1cd22d2ffa4bbc76a8c1ccf541dd692eef281356bb74e" {
		t.Errorf("read %+v", s)
	}
	if !s.Names("@telegraph_ana:office.test") || !s.Names("@telegraphbot:office.test") || s.Names("@lin:office.test") || s.Names("@a@telegraph_x:office.test") ||
		s.Names("@telegraph_ana:office.test.example.org") {
		t.Error("the names of its accounts are others")
	}
	all := config.Services{s}
	if all.ByToken("30c05ae90a248a4188e620216fa72e349803310ec83e2a77b34fe90be6081f46") != s || all.ByToken("") != nil ||
		all.ByToken("312df522183efd404ec1cd22d2ffa4bbc76a8c1ccf541dd692eef281356bb74e") != nil {
		t.Error("another token than its as_token is its own")
	}
	if !all.Keeps("@telegraph_ana:office.test") || !all.Keeps("@telegraphbot:office.test") || all.Keeps("@lin:office.test") {
		t.Error("it keeps other names")
	}
	for _, c := range []struct {
		service, alias string
		may            bool
	}{
		{"", "#harbour:office.test", true}, {"", "#telegraph_x:office.test", false},
		{"telegraph", "#telegraph_x:office.test", true}, {"telegraph", "#harbour:office.test", false}, {"other", "#telegraph_x:office.test", false},
	} {
		if all.MayName(c.service, mustAlias(t, c.alias)) != c.may {
			t.Errorf("whether %q may give the address %s is not %v", c.service, c.alias, c.may)
		}
	}
	if s.Ephemeral || s.OldEphemeral || s.Encrypts {
		t.Error("it is told what it did not ask for")
	}
	for _, c := range []struct {
		line              string
		now, old, devices bool
	}{{"receive_ephemeral: true", true, false, false}, {"de.sorunome.msc2409.push_ephemeral: true", true, true, false}, {"org.matrix.msc3202: true", false, false, true}} {
		if s, err := config.ParseService([]byte(changed("rate_limited: false", c.line)), "office.test"); err != nil || s.Ephemeral != c.now || s.OldEphemeral != c.old || s.Encrypts != c.devices {
			t.Errorf("%s: %+v, %v", c.line, s, err)
		}
	}
	if s, err := config.ParseService([]byte(changed("url: http://localhost:29317/", "url: null")), "office.test"); err != nil || s.URL != "" {
		t.Errorf("without traffic: %v", err)
	}
}

func TestABadRegistrationIsRefusedInWords(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"no YAML":                        {"id: [", "is no registration in YAML"},
		"nothing":                        {"", "namespaces: are missing"},
		"no id":                          {changed("id: telegraph", "id: ''"), "id: is missing"},
		"a short token":                  {changed("30c05ae90a248a4188e620216fa72e349803310ec83e2a77b34fe90be6081f46", "secret"), "as_token: must have 32 letters"},
		"one token for two":              {changed("312df522183efd404ec1cd22d2ffa4bbc76a8c1ccf541dd692eef281356bb74e", "30c05ae90a248a4188e620216fa72e349803310ec83e2a77b34fe90be6081f46"), "hs_token: is the same"},
		"a whole user ID":                {changed("telegraphbot", "'@bot:office.test'"), "sender_localpart:"},
		"no url":                         {changed("url: http://localhost:29317/\n", ""), "url: is missing"},
		"no address":                     {changed("http://localhost:29317/", "localhost:29317"), "url: \"localhost:29317\" is not an address"},
		"an expression that looks ahead": {changed(`^@telegraph_.*:office\.test$`, "@(?!lin).*"), "no looking ahead"},
		"everybody":                      {changed(`^@telegraph_.*:office\.test$`, `@.*:office\.test`), "cannot act as people here"},
		"everybody with a letter":        {changed(`^@telegraph_.*:office\.test$`, "@[a-z].*"), "matches everything"},
		"every address":                  {changed("#telegraph_.*", "#"), "matches everything"},
		"every room":                     {changed("rooms: []", "rooms: [{exclusive: false, regex: '!.*'}]"), "nor listen in rooms"},
		"a list for a text":              {changed("id: telegraph", "id: [1]"), "is no registration in YAML"},
	} {
		s, err := config.ParseService([]byte(c.text), "office.test")
		if err == nil || !strings.Contains(err.Error(), c.says) || s != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && (strings.Contains(err.Error(), "30c05ae9") || strings.Contains(err.Error(), "312df522")) {
			t.Errorf("%s: a token is in %v", name, err)
		}
	}
}

func TestServicesAreReadFromAFolder(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := config.Default()
	c.Services = filepath.Join(dir, "nowhere")
	if err := c.Complete(); err == nil || !strings.Contains(err.Error(), "services: ") || !strings.Contains(err.Error(), "name the folder") {
		t.Errorf("a folder that is not there: %v", err)
	}
	c.Services, c.Name = dir, "office.test"
	write("b.yaml", registration)
	write("notes.txt", "not one")
	if all, err := c.ReadServices(); err != nil || len(all) != 1 || all.ByID("telegraph") == nil || c.Complete() != nil {
		t.Errorf("read %v, %v, %v", all, err, c.Complete())
	}
	write("a.yml", registration)
	write("c.yaml", "id: x")
	err := c.Complete()
	for _, says := range []string{"b.yaml: the id \"telegraph\" is that of " + filepath.Join(dir, "a.yml"), "c.yaml: as_token: must", "c.yaml: namespaces: are missing"} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("it does not say %q: %v", says, err)
		}
	}
	write("a.yml", strings.NewReplacer("id: telegraph", "id: other", "telegraphbot", "otherbot").Replace(registration))
	if err := c.Complete(); err == nil || !strings.Contains(err.Error(), "the as_token is that of") {
		t.Errorf("two with one as_token: %v", err)
	}
}

func FuzzParseService(f *testing.F) {
	f.Add([]byte(registration))
	f.Add([]byte("namespaces: {users: [{regex: '@[', exclusive: true}]}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := config.ParseService(text, "office.test")
		if (s == nil) == (err == nil) {
			t.Errorf("both or neither: %v, %v", s, err)
		}
		if s != nil && (s.Names("@lin:office.test") && s.Names("@a-7k3v9x2:office.test") && s.Names("@q9m4.t1:office.test") && s.Names("@z0:office.test")) && len(s.Users) == 1 {
			t.Errorf("it acts as everybody: %q", text)
		}
	})
}
