package store

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
)

// An event's JSON is kept in a brief form: what stands in nearly every event is one byte there, and hashes, keys and what is encrypted are the bytes
// behind their letters. Canonical JSON has no bytes below a space, so each of those can stand for something; a text that has none is its own brief form,
// as all events were kept by tables of version 10 and earlier.
//
// A byte's meaning is in every database there is: never change one, only add.

const (
	asIs  = 0x00 // at the beginning: the rest was not shortened
	long  = 0x1c // a length as a varint and so many bytes, which are base64
	hash  = 0x1d // 32 bytes, which are 43 letters of base64
	named = 0x1e // the same in the alphabet for addresses

	hashLetters = 43
)

// Unpadded, and each row of bytes has one way alone to be written.
var (
	std   = base64.RawStdEncoding.Strict()
	inURL = base64.RawURLEncoding.Strict()
)

// phrases are what the bytes from 1 on stand for, each beginning with a quotation mark or at the event's own beginning.
var phrases = [...]string{
	0x01: `{"auth_events":["$`,
	0x02: `","$`,
	0x03: `"],"content":{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"`,
	0x04: `","device_id":"`,
	0x05: `","m.relates_to":{"event_id":"$`,
	0x06: `","rel_type":"`,
	0x07: `"},"sender_key":"`,
	0x08: `","sender_key":"`,
	0x09: `","session_id":"`,
	0x0a: `"},"depth":`,
	0x0b: `,"hashes":{"sha256":"`,
	0x0c: `"},"origin_server_ts":`,
	0x0d: `,"prev_events":["$`,
	0x0e: `"],"room_id":"!`,
	0x0f: `","sender":"@`,
	0x10: `","type":"m.room.encrypted"}`,
	0x11: `","state_key":"`,
	0x12: `","type":"m.room.member"}`,
	0x13: `"],"content":{`,
	0x14: `"membership":"`,
	0x15: `"displayname":"`,
	0x16: `"avatar_url":"mxc://`,
	0x17: `","m.relates_to":{`,
	0x18: `"m.in_reply_to":{"event_id":"$`,
}

// codes are the phrases by their second byte, the longest first.
var codes = func() (by [256][]byte) {
	for code := 1; code < len(phrases); code++ {
		c := phrases[code][1]
		i := 0
		for i < len(by[c]) && len(phrases[by[c][i]]) >= len(phrases[code]) {
			i++
		}
		by[c] = append(by[c][:i:i], append([]byte{byte(code)}, by[c][i:]...)...)
	}
	return by
}()

// brief is the brief form of an event's JSON.
func brief(json []byte) []byte {
	for _, c := range json {
		if c < ' ' { // no canonical JSON has it
			return append([]byte{asIs}, json...)
		}
	}
	out := make([]byte, 0, len(json))
	for from := 0; from < len(json); {
		if code := phraseAt(json[from:]); code != 0 {
			out = append(out, code)
			from += len(phrases[code])
		} else {
			out = append(out, json[from])
			from++
		}
		if last := json[from-1]; last == '"' || last == '$' || last == '!' {
			var n int
			out, n = appendBytes(out, json[from:])
			from += n
		}
		next := bytes.IndexByte(json[from:], '"') // all phrases but the first begin with it
		if next < 0 {
			next = len(json) - from
		}
		out = append(out, json[from:from+next]...)
		from += next
	}
	return out
}

// phraseAt is the code of the longest phrase that text begins with, 0 if there is none.
func phraseAt(text []byte) byte {
	if len(text) > 1 {
		for _, code := range codes[text[1]] {
			if bytes.HasPrefix(text, []byte(phrases[code])) {
				return code
			}
		}
	}
	return 0
}

// appendBytes adds the bytes behind the letters that text begins with, up to a quotation mark, and says how many letters it took: none where they
// are too few, or not just those that the bytes would be written with.
func appendBytes(out, text []byte) ([]byte, int) {
	n := bytes.IndexByte(text, '"')
	if n < hashLetters {
		return out, 0
	}
	before, size := len(out), n*6/8
	if n == hashLetters {
		out = append(out, hash)
	} else {
		out = binary.AppendUvarint(append(out, long), uint64(size))
	}
	got, err := std.AppendDecode(out, text[:n])
	if err != nil && n == hashLetters {
		out[before] = named
		got, err = inURL.AppendDecode(out, text[:n])
	}
	if err != nil {
		return out[:before], 0
	}
	return got, n
}

// whole is the JSON that brief made b of.
func whole(b []byte) ([]byte, error) { return appendWhole(make([]byte, 0, wholeSize(b)), b) }

// wholeSize is about how long whole is, rather more than less.
func wholeSize(b []byte) int { return len(b)*4/3 + 512 }

// appendWhole appends the JSON that brief made b of.
func appendWhole(out, b []byte) ([]byte, error) {
	if len(b) > 0 && b[0] == asIs {
		return append(out, b[1:]...), nil
	}
	for from := 0; from < len(b); {
		at := from
		for at < len(b) && b[at] >= ' ' {
			at++
		}
		out = append(out, b[from:at]...)
		if at == len(b) {
			break
		}
		code := b[at]
		from = at + 1
		if code != asIs && int(code) < len(phrases) {
			out = append(out, phrases[code]...)
			continue
		}
		size, alphabet := uint64(hashLetters*6/8), std
		switch code {
		case named:
			alphabet = inURL
		case long:
			var n int
			if size, n = binary.Uvarint(b[from:]); n <= 0 {
				return nil, unknown(at)
			}
			from += n
		case hash:
		default:
			return nil, unknown(at)
		}
		if size > uint64(len(b)-from) {
			return nil, unknown(at)
		}
		out = alphabet.AppendEncode(out, b[from:from+int(size)])
		from += int(size)
	}
	return out, nil
}

func unknown(at int) error {
	return fmt.Errorf("an event is kept in a form that this program does not know, from its byte %d on", at)
}

// briefly reads an event's JSON out of a column.
type briefly []byte

// Scan implements sql.Scanner.
func (b *briefly) Scan(from any) (err error) {
	switch from := from.(type) {
	case nil:
		*b = nil
	case []byte:
		*b, err = whole(from)
	default:
		err = fmt.Errorf("an event's JSON is a %T", from)
	}
	return err
}
