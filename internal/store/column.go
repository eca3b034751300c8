package store

import (
	"bytes"
	"fmt"
)

// What a column is read into where many rows are read: database/sql takes longer to find out how to convert a number than SQLite does to read it.
// In each of them NULL is the zero value.
type (
	number    int64
	words     string
	yes       bool
	eventHash string // an event's ID, of its 32 bytes
	content   []byte
)

// Scan implements sql.Scanner.
func (n *number) Scan(from any) error {
	switch from := from.(type) {
	case nil:
		*n = 0
	case int64:
		*n = number(from)
	default:
		return fmt.Errorf("a number is a %T", from)
	}
	return nil
}

// Scan implements sql.Scanner.
func (w *words) Scan(from any) error {
	switch from := from.(type) {
	case nil:
		*w = ""
	case string:
		*w = words(from)
	case []byte:
		*w = words(from)
	default:
		return fmt.Errorf("a text is a %T", from)
	}
	return nil
}

// Scan implements sql.Scanner.
func (y *yes) Scan(from any) error {
	switch from := from.(type) {
	case nil:
		*y = false
	case bool:
		*y = yes(from)
	case int64:
		*y = from != 0
	default:
		return fmt.Errorf("a truth value is a %T", from)
	}
	return nil
}

// Scan implements sql.Scanner.
func (h *eventHash) Scan(from any) error {
	switch from := from.(type) {
	case nil:
		*h = ""
	case []byte:
		*h = eventHash(eventName(from))
	default:
		return fmt.Errorf("an event's hash is a %T", from)
	}
	return nil
}

// Scan implements sql.Scanner.
func (c *content) Scan(from any) error {
	switch from := from.(type) {
	case nil:
		*c = nil
	case []byte:
		*c = bytes.Clone(from)
	default:
		return fmt.Errorf("bytes are a %T", from)
	}
	return nil
}

// jsonIn reads an event's JSON into a block, or if that is nil, into memory of its own.
type jsonIn struct {
	into *block
	json []byte
}

// Scan implements sql.Scanner.
func (j *jsonIn) Scan(from any) (err error) {
	brief, ok := from.([]byte)
	if !ok {
		return fmt.Errorf("an event's JSON is a %T", from)
	}
	if j.into == nil {
		j.json, err = whole(brief)
		return err
	}
	out, err := appendWhole(j.into.room(wholeSize(brief)), brief)
	j.json = out[:len(out):len(out)]
	j.into.take(out)
	return err
}

// block is memory for many small texts that are read and forgotten together.
type block struct {
	free []byte
	size int
}

const (
	minBlock = 4 << 10
	maxBlock = 64 << 10
)

// room is an empty slice with so much room behind it.
func (b *block) room(n int) []byte {
	if cap(b.free) < n {
		b.size = max(n, min(max(b.size*2, minBlock), maxBlock))
		b.free = make([]byte, 0, b.size)
	}
	return b.free[:0]
}

// take keeps what was appended to what room gave.
func (b *block) take(out []byte) { b.free = out[len(out):] }
