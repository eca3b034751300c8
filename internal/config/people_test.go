package config_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"wardroom/internal/config"
)

// machine says of each field what of the machine it is about. A field that is about people has no place here: see
// docs/decisions/configuration.md, and ask of the other value whether somebody could be harmed by it without noticing.
var machine = map[string]string{
	"name": "the server's name", "organisation": "what stands above everything, for everybody to see",
	"public_url": "where it is", "listen": "where it listens", "data": "a folder", "database": "where its tables are", "files": "where the bytes of files are", "redis": "where servers with the same tables hear of each other", "operator_listen": "where its own state is shown",
	"upload_limit":     "how much disk a file takes, the same for everybody",
	"push":             "which machines outside it may connect to, for everybody who asks for it",
	"services":         "which programs may connect with accounts of their own, which everybody sees to be theirs",
	"ledger.witnesses": "who outside looks on; what it says is an entry of the ledger, and so is each change",
	"mail.server":      "which machine takes its mail, for everybody who gives an address", "mail.tls": "the connection to it", "mail.user": "the connection to it", "mail.password_file": "the connection to it",
	"mail.from": "what stands above every mail", "mail.language": "which language mail is in where a person has not said",
	"tls.from": "connections", "tls.certificate": "connections", "tls.key": "connections", "tls.email": "connections", "tls.authority": "connections", "tls.authority_root": "connections",
}

func TestNoFieldIsAboutPeople(t *testing.T) {
	known := map[string]bool{}
	for _, f := range fields(t) {
		if f.name == "" {
			continue
		}
		name := strings.TrimPrefix(f.section+"."+f.name, ".")
		known[name] = true
		if machine[name] == "" {
			t.Errorf("%s: say here what of the machine it is about; if it is about people, it is a warrant's subject", name)
		}
		// A list could name people, and a switch could turn a promise off.
		if kind := reflect.TypeOf(f.value).Kind(); kind != reflect.String && kind != reflect.Int {
			t.Errorf("%s is a %s", name, kind)
		}
	}
	for name := range machine {
		if !known[name] {
			t.Errorf("%s is not a field", name)
		}
	}
}

// never has fields that others' servers have, for each row of the table in docs/decisions/configuration.md.
var never = map[string][]string{
	"how long messages":     {"retention", "retention_days", "delete_after", "max_lifetime", "keep_messages", "expire_accounts"},
	"who may sign up":       {"registration", "enable_registration", "open_signup", "sign_up", "allowed_domains", "password_policy", "name_pattern"},
	"witnesses":             {"witness", "witnesses", "min_witnesses"},
	"who approves":          {"approvers", "approvals_needed", "officers", "quorum"},
	"collecting addresses":  {"log_ips", "log_addresses", "presence", "track_presence", "attendance", "read_history", "user_ips"},
	"encryption off":        {"encryption", "encryption_default", "disable_e2ee", "key_escrow", "escrow"},
	"whom the leak guard":   {"guard_report", "report_to", "dlp_webhook"},
	"exceptions for single": {"admin", "admins", "admin_users", "exempt_users", "blocked_users", "banned", "suspended", "moderators", "allow_rooms", "rate_limit_exceptions"},
	"switching off a rule":  {"disable_warrants", "rules"},
}

func TestWhatDecidesAboutPeopleIsRefusedInWords(t *testing.T) {
	page, err := os.ReadFile("../../docs/decisions/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(page)) {
		row, ok := strings.CutPrefix(line, "| ")
		if !ok || strings.HasPrefix(row, "Never") || strings.HasPrefix(row, "---") {
			continue
		}
		rows++
		found := false
		for begins, keys := range never {
			if !strings.HasPrefix(row, begins) {
				continue
			}
			found = true
			for _, key := range keys {
				if _, err := config.Parse(key + " = 1\n"); err == nil || !strings.Contains(err.Error(), "rules about people are not set by a file on the server") {
					t.Errorf("%s: %v", key, err)
				}
			}
		}
		if !found {
			t.Errorf("no field is tried for the row %q", row)
		}
	}
	if rows != len(never) {
		t.Errorf("the page has %d rows, tried are %d", rows, len(never))
	}
	if _, err := config.Parse("colour = 1\n"); err == nil || strings.Contains(err.Error(), "people") {
		t.Errorf("another unknown field: %v", err)
	}
}
