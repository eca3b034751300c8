package event

import (
	"bytes"
	"iter"
	"strconv"

	"wardroom/internal/fault"
)

// Value is one JSON value in canonical form, as the content of a built event is. It is read where it stands: nothing is
// decoded before it is asked for, and keys match exactly (encoding/json would take "Membership" for "membership", and so
// let a client say one thing to the server and another to everybody else).
//
// On bytes that are not canonical JSON (with white space in them, say) the answers mean nothing, but reading is safe. The nil Value is an absent one.
type Value []byte

// Content is the content of an event: a JSON object in canonical form. NewContent alone makes one, so whoever has a Content can
// ask it, and nobody can ask what a client sent before it was put in that form.
type Content struct{ v Value }

// NewContent gives raw as the content of an event. It returns what Canonical returns, and fault.BadJSON for what is no object.
func NewContent(raw []byte) (Content, error) {
	canonical, err := Canonical(raw)
	if err == nil && !Value(canonical).IsObject() {
		err = fault.BadJSON.New("The content of an event must be a JSON object.")
	}
	if err != nil {
		return Content{}, err
	}
	return Content{canonical}, nil
}

// Get is a member of the content; nil where there is none.
func (c Content) Get(key string) Value { return c.v.Get(key) }

// JSON is the content in canonical form.
func (c Content) JSON() []byte { return c.v }

// Get is the member of an object that has this key; nil if v is no object or has no such member.
func (v Value) Get(key string) Value {
	for k, member := range v.fields {
		if len(k) == len(key) && string(k) == key {
			return member
		}
		if bytes.IndexByte(k, '\\') >= 0 && string(decode(k)) == key {
			return member
		}
	}
	return nil
}

// Each goes over the members of an object in the order of their keys; over nothing if v is no object.
func (v Value) Each() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for k, member := range v.fields {
			if !yield(string(decode(k)), member) {
				return
			}
		}
	}
}

// Items goes over the items of a list; over nothing if v is no list.
func (v Value) Items() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if len(v) == 0 || v[0] != '[' {
			return
		}
		for i := 1; i < len(v) && v[i] != ']'; i++ {
			end := v.skip(i)
			if !yield(v[i:end]) {
				return
			}
			i = end
		}
	}
}

// Text is the text of a string; "" if v is no string.
func (v Value) Text() string {
	if !v.IsString() {
		return ""
	}
	return string(decode(v[1 : len(v)-1]))
}

// Is reports whether v is the string text.
func (v Value) Is(text string) bool {
	return v.IsString() && (string(v[1:len(v)-1]) == text || bytes.IndexByte(v, '\\') >= 0 && v.Text() == text)
}

// Int is the value of a number, and whether v is one.
func (v Value) Int() (int64, bool) {
	if len(v) == 0 || v[0] != '-' && (v[0] < '0' || v[0] > '9') {
		return 0, false
	}
	n, err := strconv.ParseInt(string(v), 10, 64)
	return n, err == nil
}

// Bool reports whether v is true.
func (v Value) Bool() bool { return string(v) == "true" }

// IsObject reports whether v is an object.
func (v Value) IsObject() bool { return len(v) > 1 && v[0] == '{' }

// IsList reports whether v is a list.
func (v Value) IsList() bool { return len(v) > 1 && v[0] == '[' }

// IsString reports whether v is a string.
func (v Value) IsString() bool { return len(v) > 1 && v[0] == '"' && v[len(v)-1] == '"' }

// fields goes over the members of an object, with keys as they are written between the quotation marks.
func (v Value) fields(yield func(key []byte, member Value) bool) {
	if !v.IsObject() {
		return
	}
	for i := 1; i < len(v) && v[i] == '"'; i++ {
		colon := v.skip(i)
		if colon+1 >= len(v) || colon < i+2 || v[colon] != ':' {
			return
		}
		end := v.skip(colon + 1)
		if !yield(v[i+1:colon-1], v[colon+1:end]) {
			return
		}
		i = end
	}
}

// skip is the index behind the value that begins at i, at most len(v).
func (v Value) skip(i int) int {
	depth := 0
	for ; i < len(v); i++ {
		switch v[i] {
		case '"':
			if i = v.skipString(i); depth == 0 {
				return i
			}
			i--
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			} else if depth < 0 {
				return i
			}
		case ',', ':':
			if depth == 0 {
				return i
			}
		}
	}
	return len(v)
}

// skipString is the index behind the string that begins at i, at most len(v).
func (v Value) skipString(i int) int {
	for i++; i < len(v); i++ {
		quote := bytes.IndexByte(v[i:], '"')
		if quote < 0 {
			break
		}
		i += quote
		escapes := 0
		for v[i-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i + 1
		}
	}
	return len(v)
}

// decode resolves the escapes of canonical JSON in s, the inside of a string.
func decode(s []byte) []byte {
	if bytes.IndexByte(s, '\\') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 >= len(s) {
			out = append(out, s[i])
			continue
		}
		i++
		switch s[i] {
		case 'b':
			out = append(out, '\b')
		case 't':
			out = append(out, '\t')
		case 'n':
			out = append(out, '\n')
		case 'f':
			out = append(out, '\f')
		case 'r':
			out = append(out, '\r')
		case 'u':
			n, _ := strconv.ParseUint(string(s[i+1:min(i+5, len(s))]), 16, 8) // canonical JSON has only \u00XX
			out = append(out, byte(n))
			i += 4
		default:
			out = append(out, s[i])
		}
	}
	return out
}
