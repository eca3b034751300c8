// Package trace is what a server asked of the operating system, as strace saw it, and the order in which durability wants it.
//
// A process killed with kill -9 loses nothing that it has written, synced or not, so only the system calls show whether an answer
// was given before its bytes were on disk.
package trace

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
)

// ErrNoStrace is returned by Command on a machine without strace.
var ErrNoStrace = errors.New("strace is not installed; on Debian: apt-get install strace")

// Command is the command line, to be followed by the program and its arguments, that runs a program with its own process ID
// and writes its system calls to file, in the form that Parse reads.
func Command(file string) ([]string, error) {
	return command(file, "-yy", "-xx", "-s", "1000000", "-e", "trace=write,writev,pwrite64,pwritev,fsync,fdatasync,ftruncate,unlink,unlinkat")
}

func command(file string, what ...string) ([]string, error) {
	path, err := exec.LookPath("strace")
	if err != nil {
		return nil, ErrNoStrace
	}
	return append([]string{path, "-D", "-f", "-q", "-ttt", "--seccomp-bpf", "-o", file, "-e", "signal=none"}, what...), nil
}

// Call is one system call. Start and End are places in the order in which strace saw calls begin and return: what one thread
// did because another's call had returned always stands behind that return.
type Call struct {
	Name   string
	Start  int
	End    int    // 0 for a call that never returned
	Path   string // of the file, or what strace says of a socket
	Data   []byte // what is written
	Offset int64  // of pwrite64
	Length int64  // of ftruncate
	Result int64  // -1 for a failure
}

// Parse reads what strace wrote. It returns an error for a line it does not understand and for data that strace cut short.
func Parse(r io.Reader) ([]Call, error) {
	var calls []*Call
	open := map[string]*Call{} // by thread
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, 1<<23)
	for at := 1; scanner.Scan(); at++ {
		thread, _, rest, ok := split(scanner.Text())
		if !ok {
			return nil, fmt.Errorf("line %d of the trace: %.200q", at, scanner.Text())
		}
		if strings.HasPrefix(rest, "+++ ") || strings.HasPrefix(rest, "--- ") {
			continue
		}
		if strings.HasPrefix(rest, "???(") { // a thread that was ended before strace could ask what it was doing
			continue
		}
		if again, ok := strings.CutPrefix(rest, "<... "); ok {
			name, tail, _ := strings.Cut(again, " resumed>")
			c := open[thread]
			if c == nil || c.Name != name {
				return nil, fmt.Errorf("line %d of the trace resumes what was not begun: %.200q", at, rest)
			}
			delete(open, thread)
			if _, err := c.returns(at, tail); err != nil {
				return nil, fmt.Errorf("line %d of the trace: %w", at, err)
			}
			continue
		}
		name, args, ok := strings.Cut(rest, "(")
		if !ok || name == "" || strings.ContainsAny(name, ` <>"`) {
			return nil, fmt.Errorf("line %d of the trace: %.200q", at, rest)
		}
		c := &Call{Name: name, Start: at}
		calls = append(calls, c)
		var err error
		if begun, ok := strings.CutSuffix(args, " <unfinished ...>"); ok {
			open[thread], args = c, begun
		} else {
			args, err = c.returns(at, args)
		}
		if err == nil {
			err = c.arguments(args)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d of the trace: %w", at, err)
		}
	}
	all := make([]Call, len(calls))
	for i, c := range calls {
		all[i] = *c
	}
	return all, scanner.Err()
}

// split gives the thread, when it was, and what it did. A trace has megabytes of written pages in one word each, which is why none of this is
// done with regular expressions.
func split(line string) (thread, when, rest string, ok bool) {
	thread, rest, _ = strings.Cut(line, " ")
	when, rest, ok = strings.Cut(strings.TrimLeft(rest, " "), " ")
	return thread, when, rest, ok && number(thread) && number(strings.Replace(when, ".", "", 1))
}

// number reports whether text is digits alone.
func number(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

// returns reads the end of a line, from some argument on, and gives the arguments in it.
func (c *Call) returns(at int, rest string) (args string, err error) {
	is := strings.LastIndexByte(rest, '=')
	if is < 0 {
		return "", fmt.Errorf("no result in %.200q", rest)
	}
	args, ok := strings.CutSuffix(strings.TrimRight(rest[:is], " "), ")")
	value := strings.TrimPrefix(rest[is+1:], " ")
	if !ok || value == "" {
		return "", fmt.Errorf("no result in %.200q", rest)
	}
	if value[0] == '?' { // it ended with the process
		c.Result = -1
		return args, nil
	}
	c.End = at
	digits := len(value) - len(strings.TrimLeft(value, "-0123456789"))
	c.Result, err = strconv.ParseInt(value[:digits], 10, 64)
	return args, err
}

// arguments reads what stands between the brackets.
func (c *Call) arguments(args string) error {
	if file, named, ok := strings.Cut(args, "<"); ok && (file == "AT_FDCWD" || number(file)) {
		path, _, more := strings.Cut(named, ">, ")
		if !more {
			path = strings.TrimSuffix(path, ">")
		}
		c.Path = plain(path)
	}
	for rest := args; ; {
		_, begun, ok := strings.Cut(rest, `"`)
		if !ok {
			break
		}
		text, after, ok := strings.Cut(begun, `"`)
		if !ok {
			return fmt.Errorf("a text without an end in %.200q", args)
		}
		if strings.HasPrefix(after, "...") {
			return errors.New("strace has cut data short: -s is too small")
		}
		c.Data = append(c.Data, plain(text)...)
		rest = after
	}
	last := args[strings.LastIndex(args, " ")+1:]
	var err error
	switch c.Name {
	case "unlink", "unlinkat":
		c.Path, c.Data = string(c.Data), nil
	case "pwrite64":
		c.Offset, err = strconv.ParseInt(last, 10, 64)
	case "ftruncate":
		c.Length, err = strconv.ParseInt(last, 10, 64)
	}
	return err
}

// plain undoes strace's writing of bytes as \x2f. Other text stays as it is.
func plain(text string) string {
	if b, err := hex.DecodeString(strings.ReplaceAll(text, `\x`, "")); err == nil && strings.HasPrefix(text, `\x`) {
		return string(b)
	}
	return text
}
