package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wardroom/internal/config"
)

func TestWhatIsWrongWithADatabasesAddress(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pass")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for address, says := range map[string]string{
		"": "",
		"postgres://wardroom@db.example.org:5432/wardroom?sslmode=verify-full": "",
		"postgresql:///wardroom?host=/run/postgresql&passfile=" + file:         "",
		"mysql://u:geheim@h/n":                 "is not the address of a PostgreSQL database",
		"/var/lib/wardroom":                    "is not the address of a PostgreSQL database",
		"host=db user=wardroom":                "is not the address of a PostgreSQL database",
		"postgres://u:geheim@h":                "names no database",
		"postgres://u:geheim@h/":               "names no database",
		"postgres://u:geheim#1@h/n":            "%3A",
		"postgres://u:geh/eim@h/n":             "%3A",
		"postgres://u:%zzgeheim@h/n":           "is not an address such as postgres://",
		"postgres://u:geheim@h/n#x":            "%23",
		"postgres://u:geheim@h/n?sslmode=full": "sslmode is none of disable, allow",
		"postgres://u:geheim@h:port/n":         "is not an address such as postgres://",
		"postgres://u@h/n?passfile=/none/pass": "passfile: stat /none/pass",
	} {
		c := config.Default()
		c.Database = address
		err := c.Complete()
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), "database: ") || !strings.Contains(err.Error(), says)) {
			t.Errorf("%s: %v, want %q", address, err, says)
		}
		if err != nil && strings.Contains(err.Error(), "geh") {
			t.Errorf("%s: the password is told: %v", address, err)
		}
	}
}

func TestAnAddressIsShownWithoutItsPassword(t *testing.T) {
	for address, want := range map[string]string{
		"postgres://u:geheim@h/n?sslmode=require":     "postgres://u:xxxxx@h/n?sslmode=require",
		"postgres://u@h/n?password=geheim":            "postgres://u@h/n?password=xxxxx",
		"postgres://u@h/n?sslpassword=geheim&sslkey=": "postgres://u@h/n?sslkey=&sslpassword=xxxxx",
		"postgres://u:ge heim@h/n":                    "postgres://…",
		"postgres://u@h/n":                            "postgres://u@h/n",
	} {
		if got := config.Shown(address); got != want {
			t.Errorf("%s is shown as %s, want %s", address, got, want)
		}
	}
}

func TestConnectionsToOtherMachinesAreEncrypted(t *testing.T) {
	for address, want := range map[string]string{
		"postgres://u@db.example.org/n":                 "sslmode=verify-full",
		"postgres://u@db.example.org/n?sslmode=disable": "sslmode=disable",
		"postgres://u@/n?host=/tmp,10.0.0.1":            "sslmode=verify-full",
		"postgres://u@localhost/n":                      "",
		"postgres://u@[::1]:5432/n":                     "",
		"postgres:///n?host=/run/postgresql":            "",
	} {
		if got := config.Encrypted(address); want == "" && got != address || !strings.Contains(got, want) {
			t.Errorf("%s becomes %s", address, got)
		}
	}
}
