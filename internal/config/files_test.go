package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wardroom/internal/config"
)

func TestWhatIsWrongWithAPlaceForFiles(t *testing.T) {
	dir := t.TempDir()
	key, none := filepath.Join(dir, "key"), filepath.Join(dir, "none")
	for file, text := range map[string]string{key: "AKIAEXAMPLE\r\ngeheim\r\n", none: "geheim\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const at = "?endpoint=https://s3.example.org&keyfile="
	for address, says := range map[string]string{
		"":                             "",
		"s3://office-files" + at + key: "",
		"s3://office-files/wardroom/a" + at + key + "&region=eu-central-1":  "",
		"s3://office-files/?endpoint=http://127.0.0.1:9000/&keyfile=" + key: "",
		"/srv/files":                                                                     "is not an address such as s3://",
		"https://s3.example.org/office-files":                                            "is not an address such as s3://",
		"s3://geheim:geheim@office-files" + at + key:                                     "has an access key in it",
		"s3://" + at + key:                                                               "names no bucket",
		"s3://Office_Files" + at + key:                                                   "names no bucket",
		"s3://office-files/a/../b" + at + key:                                            "has other characters",
		"s3://office-files/a b" + at + key:                                               "has other characters",
		"s3://office-files/a//b" + at + key:                                              "has other characters",
		"s3://office-files?keyfile=" + key:                                               "endpoint is not the address of a server",
		"s3://office-files?endpoint=https://s3.example.org/path&keyfile=" + key:          "endpoint is not the address of a server",
		"s3://office-files?endpoint=http://s3.example.org&keyfile=" + key:                "write https",
		"s3://office-files?endpoint=ftp://s3.example.org&keyfile=" + key:                 "does not begin with https",
		"s3://office-files?endpoint=https://s3.example.org":                              "names no keyfile",
		"s3://office-files?endpoint=https://s3.example.org&secret=geheim&keyfile=" + key: "the key itself stands in the file",
		"s3://office-files" + at + key + "&region=a&region=b":                            "once each",
		"s3://office-files" + at + filepath.Join(dir, "nowhere"):                         "no such file",
		"s3://office-files" + at + none:                                                  "has not two lines",
	} {
		c := config.Default()
		c.Files = address
		err := c.Complete()
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), "files: ") || !strings.Contains(err.Error(), says)) {
			t.Errorf("%s: %v, want %q", address, err, says)
		}
		if err != nil && strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: the secret is told: %v", address, err)
		}
	}
	s, err := config.ParseS3("s3://office-files/wardroom/" + at + key)
	if err != nil || s.Prefix != "wardroom/" || s.Region != "us-east-1" || s.String() != "s3://office-files/wardroom/ at https://s3.example.org" {
		t.Errorf("%+v %v", s, err)
	}
	if id, secret, err := s.Key(); err != nil || id != "AKIAEXAMPLE" || secret != "geheim" {
		t.Errorf("the key is %q %q %v", id, secret, err)
	}
}
