package config_test

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"wardroom/internal/config"
)

var update = flag.Bool("update", false, "write the generated files")

// field is one field of the file as the struct declares it.
type field struct {
	section, name, doc string
	value              any // the default
}

// fields reads names and comments from the source and defaults from Default.
func fields(t *testing.T) []field {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), "config.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	structs := map[string]*ast.StructType{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if spec, ok := n.(*ast.TypeSpec); ok {
			if s, ok := spec.Type.(*ast.StructType); ok {
				structs[spec.Name.Name] = s
			}
		}
		return true
	})
	var all []field
	var walk func(name, section string, value reflect.Value)
	walk = func(name, section string, value reflect.Value) {
		for _, f := range structs[name].Fields.List {
			rf, ok := value.Type().FieldByName(f.Names[0].Name)
			if !ok {
				t.Fatalf("%s.%s is not there", name, f.Names[0].Name)
			}
			doc := strings.TrimSpace(f.Doc.Text())
			if doc == "" {
				t.Errorf("%s.%s has no comment", name, rf.Name)
			}
			if rf.Type.Kind() == reflect.Struct {
				all = append(all, field{section: rf.Tag.Get("toml"), doc: doc})
				walk(rf.Type.Name(), rf.Tag.Get("toml"), value.FieldByName(rf.Name))
				continue
			}
			all = append(all, field{section, rf.Tag.Get("toml"), doc, value.FieldByName(rf.Name).Interface()})
		}
	}
	walk("Config", "", reflect.ValueOf(config.Default()))
	return all
}

func example(t *testing.T) []byte {
	var b bytes.Buffer
	b.WriteString("# Wardroom's configuration: every field with its default. Start with it: wardroom serve --config FILE\n")
	for _, f := range fields(t) {
		b.WriteString("\n")
		for line := range strings.SplitSeq(f.doc, "\n") {
			fmt.Fprintf(&b, "# %s\n", line)
		}
		if f.name == "" {
			fmt.Fprintf(&b, "[%s]\n", f.section)
		} else {
			fmt.Fprintf(&b, "%s = %s\n", f.name, literal(f.value))
		}
	}
	return b.Bytes()
}

func literal(v any) string {
	if s, ok := v.(string); ok {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprint(v)
}

func manual(t *testing.T) []byte {
	var b bytes.Buffer
	b.WriteString(`# Configuration

Wardroom needs none: ` + "`wardroom serve --data DIR --listen HOST:PORT`" + ` starts with nothing else. For the rest there is one file in
[TOML](https://toml.io): ` + "`wardroom serve --config FILE`" + `. What the command line says wins over the file.

` + "`wardroom config print`" + ` writes a file with every field and its default; ` + "`wardroom config check FILE`" + ` says everything that is wrong with one.

Rules about people are not in the file: how long messages are kept, who may sign up, who witnesses, who approves. Whoever
can edit a file on the server must not gain power over the people who use it.

This page is made from the comments in internal/config/config.go.

`)
	for _, f := range fields(t) {
		doc := strings.ReplaceAll(f.doc, "\n", " ")
		if f.name == "" {
			fmt.Fprintf(&b, "## [%s]\n\n%s\n\n", f.section, doc)
			continue
		}
		fmt.Fprintf(&b, "**`%s`** · default `%s`\n%s\n\n", f.name, literal(f.value), doc)
	}
	return append(bytes.TrimRight(b.Bytes(), "\n"), '\n')
}

func TestGeneratedFilesAreFresh(t *testing.T) {
	for file, want := range map[string][]byte{
		"default.toml": example(t),
		filepath.Join("..", "..", "docs", "CONFIG.md"): manual(t),
	} {
		if *update {
			if err := os.WriteFile(file, want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if have, err := os.ReadFile(file); err != nil || !bytes.Equal(have, want) {
			t.Errorf("%s is stale (%v); run go test ./internal/config -update", file, err)
		}
	}
}

func TestTheExampleIsTheDefault(t *testing.T) {
	c, err := config.Parse(config.Example)
	if err != nil {
		t.Fatal(err)
	}
	if c != config.Default() {
		t.Errorf("the example gives %+v, want %+v", c, config.Default())
	}
	if err := c.Complete(); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
	if c.Name != "localhost" || c.TLS.From != config.Off {
		t.Errorf("the defaults complete to %+v", c)
	}
}

func TestAllMistakesAtOnce(t *testing.T) {
	_, err := config.Parse(`
listen = 8008
retention_days = 30
colour = "petrol"
upload_limit = "big"
[tls]
email = true
`)
	for _, want := range []string{"listen: must be a text", "retention_days: there is no such field; rules about people", "colour: there is no such field", "upload_limit: must be a whole number", "tls.email: must be a text"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}

	c := config.Config{Name: "a b", Organisation: "a\nb", PublicURL: "chat.example.org", Listen: "8008", OperatorListen: "x", UploadLimit: 0, TLS: config.TLS{From: "magic", Key: "k"}}
	err = c.Complete()
	for _, want := range []string{"name:", "organisation:", "public_url:", "listen:", "operator_listen:", "data:", "upload_limit:", "tls.from:", "tls.certificate:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %q", err, want)
		}
	}
}

func TestSyntaxErrorsNameTheLine(t *testing.T) {
	_, err := config.Parse("name = \"a\"\nlisten = = 3\n")
	if err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("got %v", err)
	}
}

func TestWhereTheCertificateComesFrom(t *testing.T) {
	pem := filepath.Join(t.TempDir(), "a.pem")
	if err := os.WriteFile(pem, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, public, listen string
		tls                  config.TLS
		want, server         string
	}{
		{"alone", "", "127.0.0.1:8008", config.TLS{}, config.Off, "localhost"},
		{"a public name", "https://chat.example.org", ":443", config.TLS{}, config.ACME, "chat.example.org"},
		{"behind a proxy", "https://chat.example.org/", "[::1]:8008", config.TLS{}, config.Proxy, "chat.example.org"},
		{"own files", "https://chat.example.org", ":443", config.TLS{Certificate: pem, Key: pem}, config.Files, "chat.example.org"},
		{"a proxy elsewhere", "https://chat.example.org", "10.0.0.5:80", config.TLS{From: "proxy"}, config.Proxy, "chat.example.org"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf := config.Default()
			conf.PublicURL, conf.Listen, conf.TLS = c.public, c.listen, c.tls
			if err := conf.Complete(); err != nil {
				t.Fatal(err)
			}
			if conf.TLS.From != c.want || conf.Name != c.server {
				t.Errorf("got %q and the name %q", conf.TLS.From, conf.Name)
			}
		})
	}
}

func TestURL(t *testing.T) {
	at := &net.TCPAddr{IP: net.IPv4zero, Port: 8008}
	c := config.Default()
	if got := c.URL(at); got != "http://localhost:8008" {
		t.Errorf("got %s", got)
	}
	c.PublicURL = "https://chat.example.org"
	if got := c.URL(at); got != "https://chat.example.org" {
		t.Errorf("got %s", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(config.Example)
	f.Add("tls = 3")
	f.Add("[tls.from]\nx=1")
	f.Fuzz(func(_ *testing.T, text string) {
		if c, err := config.Parse(text); err == nil {
			_ = c.Complete()
		}
	})
}
