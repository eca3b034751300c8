package event

import (
	"bytes"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"wardroom/internal/fault"
)

const (
	// maxInt is the largest integer that canonical JSON may carry; -maxInt is the smallest.
	maxInt = 1<<53 - 1

	// maxNesting is how deep objects and arrays may nest. The specification names no limit; this one keeps hostile input
	// off the stack.
	maxNesting = 100
)

// Canonical gives raw, one JSON value, in canonical form: shortest encoding, keys sorted by code point, integers within
// ±(2^53-1). What was canonical comes back unchanged.
//
// It returns fault.NotJSON for what is not JSON, and fault.BadJSON for JSON that has no canonical form: a number that is
// not an integer or out of range, a key twice in one object, text that is not valid Unicode, or nesting deeper than 100.
// A number with an exponent is taken if it is an integer (1e10), one with a decimal point never is. U+0000 in text is
// refused too: the specification would allow it, but no database column of text can be trusted with it.
//
// Spec: appendices, "Canonical JSON".
func Canonical(raw []byte) ([]byte, error) {
	return appendCanonical(make([]byte, 0, len(raw)), raw)
}

// appendCanonical appends the canonical form of raw to dst.
func appendCanonical(dst, raw []byte) ([]byte, error) {
	c := canonicaliser{in: raw, out: dst}
	c.space()
	if err := c.value(0); err != nil {
		return nil, err
	}
	c.space()
	if c.pos != len(raw) {
		return nil, c.malformed()
	}
	return c.out, nil
}

// canonicaliser reads in from pos and appends to out.
type canonicaliser struct {
	in  []byte
	pos int
	out []byte

	// members is a stack: each object that is being read has its members on top.
	members []member
	// sorted is where an object whose keys came unsorted is put in order.
	sorted []byte
}

// member is one member of an object, by offsets into out: the key without its quotes is start+1 to key, and the whole
// member "key":value is start to end.
type member struct{ start, key, end int }

func (c *canonicaliser) malformed() error {
	if c.pos >= len(c.in) {
		return fault.NotJSON.New("This is not JSON: it ends too early.")
	}
	return fault.NotJSON.New("This is not JSON: unexpected %q at byte %d.", rune(c.in[c.pos]), c.pos)
}

func (c *canonicaliser) space() {
	for c.pos < len(c.in) {
		switch c.in[c.pos] {
		case ' ', '\t', '\n', '\r':
			c.pos++
		default:
			return
		}
	}
}

// take passes over b if it comes next.
func (c *canonicaliser) take(b byte) bool {
	if c.pos < len(c.in) && c.in[c.pos] == b {
		c.pos++
		return true
	}
	return false
}

func (c *canonicaliser) value(depth int) error {
	if depth > maxNesting {
		return fault.BadJSON.New("Objects and lists nest too deep; %d levels are the most.", maxNesting)
	}
	if c.pos >= len(c.in) {
		return c.malformed()
	}
	switch b := c.in[c.pos]; {
	case b == '{':
		return c.object(depth)
	case b == '[':
		return c.array(depth)
	case b == '"':
		return c.text()
	case b == '-' || b >= '0' && b <= '9':
		return c.number()
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if rest := c.in[c.pos:]; len(rest) >= len(word) && string(rest[:len(word)]) == word {
			c.out = append(c.out, word...)
			c.pos += len(word)
			return nil
		}
	}
	return c.malformed()
}

func (c *canonicaliser) array(depth int) error {
	c.pos++
	c.out = append(c.out, '[')
	c.space()
	if c.take(']') {
		c.out = append(c.out, ']')
		return nil
	}
	for {
		c.space()
		if err := c.value(depth + 1); err != nil {
			return err
		}
		c.space()
		switch {
		case c.take(','):
			c.out = append(c.out, ',')
		case c.take(']'):
			c.out = append(c.out, ']')
			return nil
		default:
			return c.malformed()
		}
	}
}

func (c *canonicaliser) object(depth int) error {
	c.pos++
	c.out = append(c.out, '{')
	first := len(c.members)
	c.space()
	if c.take('}') {
		c.out = append(c.out, '}')
		return nil
	}
	for {
		c.space()
		if c.pos >= len(c.in) || c.in[c.pos] != '"' {
			return c.malformed()
		}
		m := member{start: len(c.out)}
		if err := c.text(); err != nil {
			return err
		}
		m.key = len(c.out) - 1
		c.out = append(c.out, ':')
		c.space()
		if !c.take(':') {
			return c.malformed()
		}
		c.space()
		if err := c.value(depth + 1); err != nil {
			return err
		}
		m.end = len(c.out)
		c.members = append(c.members, m)
		c.space()
		switch {
		case c.take(','):
			c.out = append(c.out, ',')
		case c.take('}'):
			err := c.sort(c.members[first:])
			c.members = c.members[:first]
			c.out = append(c.out, '}')
			return err
		default:
			return c.malformed()
		}
	}
}

// sort puts the members of the object at the end of out in order, and refuses a key that is there twice.
func (c *canonicaliser) sort(members []member) error {
	begin := members[0].start
	if !slices.IsSortedFunc(members, c.compare) {
		slices.SortFunc(members, c.compare)
		c.sorted = c.sorted[:0]
		for i, m := range members {
			if i > 0 {
				c.sorted = append(c.sorted, ',')
			}
			at := len(c.sorted)
			c.sorted = append(c.sorted, c.out[m.start:m.end]...)
			// From here on the offsets say where the member goes.
			members[i] = member{begin + at, begin + at + m.key - m.start, begin + len(c.sorted)}
		}
		copy(c.out[begin:], c.sorted)
	}
	for i := 1; i < len(members); i++ {
		if c.compare(members[i-1], members[i]) == 0 {
			return fault.BadJSON.New("The key %q is there twice in one object.", decode(c.out[members[i].start+1:members[i].key]))
		}
	}
	return nil
}

// compare orders two members by the code points of their keys, which is the byte order of their UTF-8. Escapes have to be
// resolved first: a quotation mark sorts as itself, not as a backslash.
func (c *canonicaliser) compare(a, b member) int {
	x, y := c.out[a.start+1:a.key], c.out[b.start+1:b.key]
	if bytes.IndexByte(x, '\\') >= 0 || bytes.IndexByte(y, '\\') >= 0 {
		x, y = decode(x), decode(y)
	}
	return bytes.Compare(x, y)
}

func (c *canonicaliser) number() error {
	start := c.pos
	negative := c.take('-')
	digits := c.digits()
	if len(digits) == 0 || len(digits) > 1 && digits[0] == '0' {
		c.pos = start
		return c.malformed()
	}
	float := false
	if c.take('.') {
		float = true
		if len(c.digits()) == 0 {
			return c.malformed()
		}
	}
	exponent := 0
	if c.take('e') || c.take('E') {
		minus := c.take('-')
		if !minus {
			c.take('+')
		}
		e := c.digits()
		if len(e) == 0 {
			return c.malformed()
		}
		float = float || minus
		exponent, _ = strconv.Atoi(string(e)) // the largest int where it does not fit
	}
	if float {
		return fault.BadJSON.New("The number %.40s is not allowed: only whole numbers are.", c.in[start:c.pos])
	}
	n, err := strconv.ParseInt(string(digits), 10, 64)
	for ; err == nil && n != 0 && n <= maxInt && exponent > 0; exponent-- {
		n *= 10
	}
	if err != nil || n > maxInt {
		return fault.BadJSON.New("The number %.40s is not allowed: it is beyond ±9007199254740991.", c.in[start:c.pos])
	}
	if negative {
		n = -n
	}
	c.out = strconv.AppendInt(c.out, n, 10)
	return nil
}

func (c *canonicaliser) digits() []byte {
	start := c.pos
	for c.pos < len(c.in) && c.in[c.pos] >= '0' && c.in[c.pos] <= '9' {
		c.pos++
	}
	return c.in[start:c.pos]
}

// plain says which bytes of a string stand for themselves: ASCII without controls, quotation mark and backslash.
var plain = func() (t [256]bool) {
	for b := ' '; b < utf8.RuneSelf; b++ {
		t[b] = b != '"' && b != '\\'
	}
	return t
}()

// text copies the string that comes next, with no escape but those that must be.
func (c *canonicaliser) text() error {
	c.pos++
	c.out = append(c.out, '"')
	for {
		start := c.pos
		for c.pos < len(c.in) && plain[c.in[c.pos]] {
			c.pos++
		}
		c.out = append(c.out, c.in[start:c.pos]...)
		if c.pos >= len(c.in) {
			return c.malformed()
		}
		switch b := c.in[c.pos]; {
		case b == '"':
			c.pos++
			c.out = append(c.out, '"')
			return nil
		case b == '\\':
			r, err := c.escape()
			if err != nil {
				return err
			}
			c.out = appendRune(c.out, r)
		case b < ' ':
			return c.malformed()
		default:
			r, n := utf8.DecodeRune(c.in[c.pos:])
			if r == utf8.RuneError && n < 2 {
				return fault.BadJSON.New("The text is not valid UTF-8 at byte %d.", c.pos)
			}
			c.out = append(c.out, c.in[c.pos:c.pos+n]...)
			c.pos += n
		}
	}
}

// escape reads an escape sequence and gives the character it stands for.
func (c *canonicaliser) escape() (rune, error) {
	c.pos++
	if c.pos >= len(c.in) {
		return 0, c.malformed()
	}
	switch b := c.in[c.pos]; b {
	case '"', '\\', '/':
		c.pos++
		return rune(b), nil
	case 'b', 'f', 'n', 'r', 't':
		c.pos++
		return rune("\b\f\n\r\t"[bytes.IndexByte([]byte("bfnrt"), b)]), nil
	case 'u':
	default:
		return 0, c.malformed()
	}
	r, err := c.hex()
	if err != nil {
		return 0, err
	}
	if r == 0 {
		return 0, fault.BadJSON.New("The character U+0000 is not allowed in text.")
	}
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	if c.take('\\') && c.pos < len(c.in) && c.in[c.pos] == 'u' {
		low, err := c.hex()
		if err != nil {
			return 0, err
		}
		if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
			return r, nil
		}
	}
	return 0, fault.BadJSON.New("The text has half of a surrogate pair before byte %d.", c.pos)
}

// hex reads "u" and four hexadecimal digits.
func (c *canonicaliser) hex() (rune, error) {
	c.pos++
	var r rune
	for range 4 {
		if c.pos >= len(c.in) {
			return 0, c.malformed()
		}
		switch b := c.in[c.pos]; {
		case b >= '0' && b <= '9':
			r = r<<4 | rune(b-'0')
		case b >= 'a' && b <= 'f':
			r = r<<4 | rune(b-'a'+10)
		case b >= 'A' && b <= 'F':
			r = r<<4 | rune(b-'A'+10)
		default:
			return 0, c.malformed()
		}
		c.pos++
	}
	return r, nil
}

// appendRune appends one character of a string, escaped if canonical JSON wants it so.
func appendRune(dst []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	switch {
	case r == '"' || r == '\\':
		return append(dst, '\\', byte(r))
	case r >= ' ':
		return utf8.AppendRune(dst, r)
	case r == '\b':
		return append(dst, '\\', 'b')
	case r == '\t':
		return append(dst, '\\', 't')
	case r == '\n':
		return append(dst, '\\', 'n')
	case r == '\f':
		return append(dst, '\\', 'f')
	case r == '\r':
		return append(dst, '\\', 'r')
	}
	return append(dst, '\\', 'u', '0', '0', digits[r>>4], digits[r&15])
}

// AppendText appends s as a canonical JSON string. s must be valid UTF-8.
func AppendText[S ~string](dst []byte, s S) []byte {
	dst = append(dst, '"')
	for s != "" {
		n := 0
		for n < len(s) && (plain[s[n]] || s[n] >= utf8.RuneSelf) {
			n++
		}
		dst = append(dst, s[:n]...)
		if n < len(s) {
			dst = appendRune(dst, rune(s[n]))
			n++
		}
		s = s[n:]
	}
	return append(dst, '"')
}
