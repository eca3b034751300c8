package event

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"wardroom/internal/fault"
)

// The specification's own examples, and what else the grammar asks for.
//
// Spec: appendices, "Canonical JSON", "Examples".
func TestCanonical(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"empty", `{}`, `{}`},
		{"spaces", "{\n  \"one\": 1,\n  \"two\": \"Two\"\n}", `{"one":1,"two":"Two"}`},
		{"sorted", `{"b": "2", "a": "1"}`, `{"a":"1","b":"2"}`},
		{"sorted already compact", `{"b":"2","a":"1"}`, `{"a":"1","b":"2"}`},
		{
			"nested",
			`{"auth": {"success": true, "mxid": "@john.doe:example.com", "profile": {"display_name": "John Doe",
			  "three_pids": [{"medium": "email", "address": "john.doe@example.org"}, {"medium": "msisdn", "address": "123456789"}]}}}`,
			`{"auth":{"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe","three_pids":[{"address":"john.doe@example.org","medium":"email"},{"address":"123456789","medium":"msisdn"}]},"success":true}}`,
		},
		{"Japanese", `{"a": "日本語"}`, `{"a":"日本語"}`},
		{"Japanese keys", `{"本": 2, "日": 1}`, `{"日":1,"本":2}`},
		{"needless escape", `{"a": "\u65E5"}`, `{"a":"日"}`},
		{"null", `{"a": null}`, `{"a":null}`},
		{"odd integers", `{"a": -0, "b": 1e10}`, `{"a":0,"b":10000000000}`},

		{"exponents", `[0e999999999999999999999, 12E+2, 9007199254740991, -9007199254740991]`, `[0,1200,9007199254740991,-9007199254740991]`},
		{"escapes", `"\/\b\f\n\r\t\"\\\u0001\u001F\u007f"`, `"/\b\f\n\r\t\"\\\u0001\u001f` + "\x7f\""},
		{"surrogate pair", `"\ud83d\uDE00"`, `"😀"`},
		{"beyond the basic plane sorts last", `{"😀":1,"\uffee":2}`, `{"` + "\uffee" + `":2,"😀":1}`},
		{"keys sort as they read, not as they are escaped", `{"\\":4,"a":5,"\"":1,"#":2,"A":3,"\n":0}`, `{"\n":0,"\"":1,"#":2,"A":3,"\\":4,"a":5}`},
		{"prefixes", `{"ab":2,"a":1,"":0}`, `{"":0,"a":1,"ab":2}`},
		{"objects in unsorted objects", `{"z":{"b":1,"a":[{"d":1,"c":2}]},"y":{"b":{"k":1,"j":2},"a":1}}`, `{"y":{"a":1,"b":{"j":2,"k":1}},"z":{"a":[{"c":2,"d":1}],"b":1}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Canonical([]byte(c.in))
			if err != nil || string(got) != c.want {
				t.Fatalf("got %s, %v\nwant %s", got, err, c.want)
			}
			again, err := Canonical(got)
			if err != nil || !bytes.Equal(again, got) {
				t.Fatalf("again: %s, %v", again, err)
			}
		})
	}
}

func TestCanonicalRefuses(t *testing.T) {
	deep := strings.Repeat("[", 102) + strings.Repeat("]", 102)
	for _, c := range []struct {
		name, in string
		code     fault.Code
	}{
		{"float", `{"a":1.5}`, fault.BadJSON},
		{"integer with a decimal point", `1.0`, fault.BadJSON},
		{"negative exponent", `10e-1`, fault.BadJSON},
		{"too large", `9007199254740992`, fault.BadJSON},
		{"too small", `-9007199254740992`, fault.BadJSON},
		{"too large by exponent", `1e16`, fault.BadJSON},
		{"far too large", `123456789012345678901234567890`, fault.BadJSON},
		{"twice the same key", `{"a":1,"b":2,"a":3}`, fault.BadJSON},
		{"twice the same key, once escaped", `{"a":1,"\u0061":3}`, fault.BadJSON},
		{"twice the empty key", `{"":1,"":1}`, fault.BadJSON},
		{"too deep", deep, fault.BadJSON},
		{"invalid UTF-8", "\"\xff\"", fault.BadJSON},
		{"surrogate in UTF-8", "\"\xed\xa0\x80\"", fault.BadJSON},
		{"half a surrogate pair", `"\ud800"`, fault.BadJSON},
		{"two first halves", `"\ud800\ud800"`, fault.BadJSON},
		{"NUL", `"\u0000"`, fault.BadJSON},

		{"nothing", ``, fault.NotJSON},
		{"leading zero", `01`, fault.NotJSON},
		{"plus", `+1`, fault.NotJSON},
		{"minus alone", `-`, fault.NotJSON},
		{"point alone", `1.`, fault.NotJSON},
		{"exponent alone", `1e`, fault.NotJSON},
		{"NaN", `NaN`, fault.NotJSON},
		{"two values", `{} {}`, fault.NotJSON},
		{"trailing comma", `[1,]`, fault.NotJSON},
		{"trailing comma in object", `{"a":1,}`, fault.NotJSON},
		{"no colon", `{"a" 1}`, fault.NotJSON},
		{"key without quotes", `{a:1}`, fault.NotJSON},
		{"open string", `"abc`, fault.NotJSON},
		{"line break in string", "\"a\nb\"", fault.NotJSON},
		{"raw NUL", "\"\x00\"", fault.NotJSON},
		{"unknown escape", `"\x"`, fault.NotJSON},
		{"short escape", `"\u12"`, fault.NotJSON},
		{"open escape", `"\`, fault.NotJSON},
		{"open object", `{"a":1`, fault.NotJSON},
		{"open list", `[1`, fault.NotJSON},
		{"misspelt", `tru`, fault.NotJSON},
		{"byte order mark", "\xef\xbb\xbf{}", fault.NotJSON},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Canonical([]byte(c.in))
			if !c.code.In(err) {
				t.Fatalf("got %s, %v; want %s", got, err, c.code.Name)
			}
		})
	}
}

// FuzzCanonical holds the canonical form against encoding/json: whatever has one is valid JSON that means the same, comes
// back unchanged the second time, and is sorted.
func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{
		`{"b":[1,-0,1e3,{"z":"\u00e9","a":null}],"a":"\ud83d\ude00 \\ \" \n","":true}`, `[]`, `"\u0000"`, `{"a":1,"a":2}`, `1.5`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := Canonical(raw)
		if err != nil {
			if !fault.BadJSON.In(err) && !fault.NotJSON.In(err) {
				t.Fatalf("not a refusal: %v", err)
			}
			if fault.NotJSON.In(err) && json.Valid(raw) {
				t.Fatalf("refused valid JSON as malformed: %v", err)
			}
			return
		}
		if want := naiveCanonical(t, raw); string(got) != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
		again, err := Canonical(got)
		if err != nil || !bytes.Equal(again, got) {
			t.Fatalf("again: %s, %v", again, err)
		}
	})
}

// naiveCanonical is canonical JSON by way of encoding/json, which sorts map keys by their bytes.
func naiveCanonical(t *testing.T, raw []byte) string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("encoding/json refuses %q: %v", raw, err)
	}
	return naiveEncode(t, v)
}

func naiveEncode(t *testing.T, v any) string {
	t.Helper()
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(integers(t, v)); err != nil {
		t.Fatal(err)
	}
	s := strings.TrimSuffix(out.String(), "\n")
	// encoding/json escapes two line separators that canonical JSON leaves alone.
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case strings.HasPrefix(s[i:], `\u2028`):
			b.WriteString("\u2028")
			i += 5
		case strings.HasPrefix(s[i:], `\u2029`):
			b.WriteString("\u2029")
			i += 5
		case s[i] == '\\' && s[i+1] != 'u':
			b.WriteString(s[i : i+2])
			i++
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// integers writes every number as an integer.
func integers(t *testing.T, v any) any {
	switch v := v.(type) {
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			t.Fatal(err)
		}
		return int64(f)
	case []any:
		for i := range v {
			v[i] = integers(t, v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = integers(t, v[k])
		}
	}
	return v
}
