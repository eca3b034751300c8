package trace

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
)

// Sent is a message that was answered.
type Sent struct {
	Event  string // its event ID
	Marker string // a text that stands in its ciphertext, several times, and nowhere else
}

// Verdict is what came of looking through a trace.
type Verdict struct {
	Wrong   []string // what was told before it was on disk, and what was overwritten before its copy was
	Answers int      // messages whose answer was found
	Shown   int      // other answers that told of one of the messages, such as syncs
	Syncs   int      // of the write-ahead log
	Cuts    int      // times that the log was begun anew or removed
}

// Judge holds a trace against two rules for a SQLite database in WAL mode, of which db is the path:
//
// Whatever tells of a message, the answer to its sender or another's sync, is written to a socket only after a sync of the log
// that began when the whole transaction with the message's bytes had been written, its commit frame included, and that has
// returned successfully.
//
// The log is overwritten from its beginning, cut or removed only after whatever was written to the database itself was synced.
//
// It returns an error where the trace does not show all of the messages, so that a trace that was not understood is no proof.
func Judge(calls []Call, db string, sent []Sent) (Verdict, error) {
	var v Verdict
	l := log{size: 4096}
	var told []*Call // what was written to sockets
	for i := range calls {
		c := &calls[i]
		switch {
		case c.Path == db+"-wal":
			l.add(c)
		case c.Path == db || strings.HasPrefix(c.Path, "/"):
		case c.Name == "write" || c.Name == "writev":
			told = append(told, c)
		}
	}
	v.Syncs = len(l.syncs)
	for _, s := range sent {
		durable, err := l.durable([]byte(s.Marker))
		if err != nil {
			return v, fmt.Errorf("%s: %w", s.Event, err)
		}
		answered := false
		for _, c := range told {
			answer := bytes.HasPrefix(c.Data, []byte("HTTP/1.1 200 ")) && bytes.Contains(c.Data, []byte(`{"event_id":"`+s.Event+`"}`))
			if !answer && !bytes.Contains(c.Data, []byte(s.Marker)) {
				continue
			}
			if answer {
				answered = true
				v.Answers++
			} else {
				v.Shown++
			}
			if durable == 0 || c.Start < durable {
				v.Wrong = append(v.Wrong, fmt.Sprintf("%s was told of (line %d) before it was on disk (%s)", s.Event, c.Start, place(durable)))
			}
		}
		if !answered {
			return v, fmt.Errorf("the trace does not show the answer that named %s", s.Event)
		}
	}
	v.cuts(calls, db)
	return v, nil
}

func place(line int) string {
	if line == 0 {
		return "never"
	}
	return fmt.Sprintf("line %d", line)
}

// log is what happened to the write-ahead log.
type log struct {
	size   int64 // of a page
	writes []*Call
	syncs  []*Call
}

// Sizes of the parts of a write-ahead log.
//
// See SQLite's "WAL-mode File Format".
const (
	logHeader   = 32
	frameHeader = 24
)

func (l *log) add(c *Call) {
	switch c.Name {
	case "pwrite64", "write":
		if c.Offset == 0 && len(c.Data) >= 12 {
			if size := int64(binary.BigEndian.Uint32(c.Data[8:])); size >= 512 {
				l.size = size
			}
		}
		l.writes = append(l.writes, c)
	case "fsync", "fdatasync":
		if c.Result == 0 {
			l.syncs = append(l.syncs, c)
		}
	}
}

// durable is the place at which the transaction that first wrote marker had been synced; 0 if it never was.
func (l *log) durable(marker []byte) (int, error) {
	first := -1
	for i, c := range l.writes {
		if bytes.Contains(c.Data, marker) {
			first = i
			break
		}
	}
	if first < 0 {
		return 0, fmt.Errorf("the trace does not show that its bytes were written")
	}
	last, ok := l.committed(first)
	if !ok {
		return 0, nil
	}
	written := 0
	for _, c := range l.writes[first : last+1] {
		if c.End == 0 {
			return 0, nil
		}
		written = max(written, c.End)
	}
	for _, s := range l.syncs {
		if s.Start > written {
			return s.End, nil
		}
	}
	return 0, nil
}

// committed finds the write that completes the transaction that write number i belongs to: the page of the next frame whose header
// says that it commits.
func (l *log) committed(i int) (int, bool) {
	// i is a page: its own frame's header stands before it.
	for i = max(i-1, 0); i < len(l.writes); i++ {
		c := l.writes[i]
		if (c.Offset-logHeader)%(frameHeader+l.size) != 0 || len(c.Data) < frameHeader || binary.BigEndian.Uint32(c.Data[4:]) == 0 {
			continue
		}
		end := c.Offset + frameHeader + l.size
		for ; i < len(l.writes); i++ {
			if c := l.writes[i]; c.Offset+int64(len(c.Data)) == end {
				return i, true
			}
		}
	}
	return 0, false
}

// cuts applies the second rule.
func (v *Verdict) cuts(calls []Call, db string) {
	for i := range calls {
		cut := &calls[i]
		if cut.Path != db+"-wal" || !cuts(cut) {
			continue
		}
		v.Cuts++
		written, safe := 0, true
		for _, c := range calls[:i] {
			switch {
			case c.Path != db:
			case c.Name == "pwrite64" || c.Name == "write":
				written, safe = max(written, c.End), false
			case (c.Name == "fsync" || c.Name == "fdatasync") && c.Result == 0 && c.Start > written && c.End < cut.Start:
				safe = true
			}
		}
		if !safe {
			v.Wrong = append(v.Wrong, fmt.Sprintf("the log was cut (%s, line %d) before what was copied from it was on disk", cut.Name, cut.Start))
		}
	}
}

// cuts reports whether a call on the log takes something of it away.
func cuts(c *Call) bool {
	switch c.Name {
	case "unlink", "unlinkat", "ftruncate":
		return true
	}
	return c.Name == "pwrite64" && c.Offset == 0
}
