package operate_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wardroom/internal/config"
	"wardroom/internal/operate"
	"wardroom/internal/service"
)

func TestApplicationServicesAreListed(t *testing.T) {
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	one, err := config.ParseService([]byte(`{id: telegraph, url: 'http://`+at.Addr().String()+`', as_token: as-token-of-the-telegraph-0123456789,
		hs_token: hs-token-of-the-telegraph-0123456789, sender_localpart: telegraphbot, namespaces: {}}`), "office.test")
	if err != nil {
		t.Fatal(err)
	}
	one.File = filepath.Join(t.TempDir(), "telegraph.yaml")
	if err := os.WriteFile(one.File, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	i := &operate.Installation{Data: private(t), Services: config.Services{one}}
	const about = "application service"
	expect(t, examine(t, i)[about], operate.Fine, "telegraph acts as @telegraphbot:office.test and accounts of its own")
	at.Close()
	expect(t, examine(t, i)[about], operate.Look, "Nothing listens at http://"+at.Addr().String())
	if err := os.Chmod(one.File, 0o644); err != nil {
		t.Fatal(err)
	}
	if f := examine(t, i)[about]; f.State != operate.Wrong || !strings.Contains(f.Do, "chmod o-rwx "+one.File) {
		t.Errorf("a file that everybody can read: %+v", f)
	}

	expect(t, operate.ServiceFinding(service.State{Service: one}), operate.Fine, "telegraph acts as")
	f := operate.ServiceFinding(service.State{Service: one, Since: time.Unix(1, 0), Err: "it answered 403"})
	expect(t, f, operate.Look, "It has taken nothing since 1970-01-01 00:00:01 (UTC): it answered 403.")
	if !strings.Contains(f.Do, "hs_token") {
		t.Errorf("it says %q", f.Do)
	}
}
