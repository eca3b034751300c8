package store

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// sent is an encrypted message as a client of today sends it, with so many letters of ciphertext, a multiple of four.
func sent(letters int) []byte {
	key := func(n, size int) string {
		return base64.RawStdEncoding.EncodeToString(bytes.Repeat([]byte{byte(n), 0xfb, 0, 0x1d}, size/4+1)[:size])
	}
	id := func(n int) string {
		return base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{byte(n), 0xfb}, 16))
	}
	return fmt.Appendf(nil, `{"auth_events":["$%s","$%s","$%s"],"content":{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"%s","device_id":"ABCDEFGHIJ",`+
		`"m.relates_to":{"event_id":"$%s","rel_type":"m.thread"},"sender_key":"%s","session_id":"%s"},"depth":1234,"hashes":{"sha256":"%s"},`+
		`"origin_server_ts":1790000000000,"prev_events":["$%s"],"room_id":"!%s","sender":"@lin:wardroom.test","type":"m.room.encrypted"}`,
		id(1), id(2), id(3), key(10, letters*3/4), id(4), key(5, 32), key(6, 32), key(7, 32), id(8), id(9))
}

func TestAnEventIsWholeAgain(t *testing.T) {
	for _, text := range []string{
		string(sent(700)), string(sent(3)), "{}", "", `"`, `"$`, `{"a":"`, "0", `{"depth":1}`,
		`{"auth_events":["$`, `{"auth_events":[],"content":{"body":"` + strings.Repeat("A", 43) + `"}}`, // 43 letters that are no 32 bytes' only form, and some that are
		`{"a":"` + strings.Repeat("B", 43) + `","b":"` + strings.Repeat("_", 42) + `8","c":"` + strings.Repeat("-", 60) + `"}`,
		`{"a":"` + strings.Repeat("A", 44) + `","b":"` + strings.Repeat("A", 45) + `","c":"` + strings.Repeat("A", 46) + `","d":"` + strings.Repeat("A", 64) + `="}`,
		`{"a":"` + strings.Repeat("ä", 43) + `","m.room.member":"` + "\x7f" + `"}`,
		"{\"a\":\"\n\"}", "\x00", "\x01\x1c\x1d", // no canonical JSON
	} {
		short := brief([]byte(text))
		if got, err := whole(short); err != nil || string(got) != text {
			t.Errorf("%q is %q in brief, and that is %q, %v", text, short, got, err)
		}
	}
	// Events that were kept before there was a brief form.
	for _, text := range []string{string(sent(700)), "{}"} {
		if got, err := whole([]byte(text)); err != nil || string(got) != text {
			t.Errorf("%q is read as %q, %v", text, got, err)
		}
	}
}

func TestAnEncryptedMessageIsKeptInTwoThirds(t *testing.T) {
	text := sent(700)
	if short := brief(text); len(short) > len(text)*2/3 {
		t.Errorf("of %d bytes %d are left: %q", len(text), len(short), short)
	}
}

// What is on people's disks must be read by every later program. A new phrase is added here too; nothing else here ever changes.
func TestTheBriefFormStaysAsItIs(t *testing.T) {
	for short, want := range map[string]string{
		"\x01\x1d" + strings.Repeat("\x00", 32): `{"auth_events":["$` + strings.Repeat("A", 43),
		"\x02\x1e" + strings.Repeat("\xff", 32): `","$` + strings.Repeat("_", 42) + "8",
		"\x03\x1c\x03abc\x04\x05\x06\x07\x08\x09": `"],"content":{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"YWJj","device_id":"","m.relates_to":{"event_id":"$` +
			`","rel_type":""},"sender_key":"","sender_key":"","session_id":"`,
		"\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13": `"},"depth":,"hashes":{"sha256":""},"origin_server_ts":,"prev_events":["$"],"room_id":"!","sender":"@` +
			`","type":"m.room.encrypted"}","state_key":"","type":"m.room.member"}"],"content":{`,
		"\x14\x15\x16\x17\x18": `"membership":""displayname":""avatar_url":"mxc://","m.relates_to":{"m.in_reply_to":{"event_id":"$`,
		"\x00\x01":             "\x01",
	} {
		if got, err := whole([]byte(short)); err != nil || string(got) != want {
			t.Errorf("%q is %q, %v", short, got, err)
		}
	}
}

func TestABrokenBriefFormIsRefused(t *testing.T) {
	for _, b := range []string{"\x19", "\x1b", "\x1f", "\x1d", "\x1dxxx", "\x1c", "\x1c\xff", "\x1c\x05abcd", "\x1c\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x"} {
		if got, err := whole([]byte(b)); err == nil {
			t.Errorf("%q is read as %q", b, got)
		}
	}
}

func FuzzBrief(f *testing.F) {
	f.Add(sent(700))
	f.Add([]byte("\x1c\x05abcde"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if got, err := whole(brief(text)); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%q became %q, %v", text, got, err)
		}
		_, _ = whole(text) // may be refused
	})
}

func BenchmarkBrief(b *testing.B) {
	json := sent(700)
	b.Run("brief", func(b *testing.B) {
		for b.Loop() {
			brief(json)
		}
		b.ReportMetric(float64(len(json)), "bytes")
		b.ReportMetric(float64(len(brief(json))), "brief-bytes")
	})
	b.Run("whole", func(b *testing.B) {
		short := brief(json)
		for b.Loop() {
			if _, err := whole(short); err != nil {
				b.Fatal(err)
			}
		}
	})
}
