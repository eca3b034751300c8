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
	"regexp"
	"strconv"
	"strings"
)

// ErrNoStrace is returned by Command on a machine without strace.
var ErrNoStrace = errors.New("strace is not installed; on Debian: apt-get install strace")

// Command is the command line, to be followed by the program and its arguments, that runs a program with its own process ID
// and writes its system calls to file, in the form that Parse reads.
func Command(file string) ([]string, error) {
	path, err := exec.LookPath("strace")
	if err != nil {
		return nil, ErrNoStrace
	}
	return []string{path, "-D", "-f", "-q", "-yy", "-xx", "-ttt", "-s", "1000000", "--seccomp-bpf", "-o", file,
		"-e", "trace=write,writev,pwrite64,pwritev,fsync,fdatasync,ftruncate,unlink,unlinkat", "-e", "signal=none"}, nil
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

var (
	line    = regexp.MustCompile(`^(\d+) +\d+\.\d+ (.*)$`)
	begun   = regexp.MustCompile(`^(\w+)\((.*)$`)
	resumed = regexp.MustCompile(`^<\.\.\. (\w+) resumed>(.*)$`)
	result  = regexp.MustCompile(`^(.*)\) += (-?\d+|\?)[^=]*$`)
	quoted  = regexp.MustCompile(`"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?`)
	opened  = regexp.MustCompile(`^(?:\d+|AT_FDCWD)<(.*?)>(?:, |$)`)
)

// Parse reads what strace wrote. It returns an error for a line it does not understand and for data that strace cut short.
func Parse(r io.Reader) ([]Call, error) {
	var calls []*Call
	open := map[string]*Call{} // by thread
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, 1<<23)
	for at := 1; scanner.Scan(); at++ {
		m := line.FindStringSubmatch(scanner.Text())
		if m == nil {
			return nil, fmt.Errorf("line %d of the trace: %.200q", at, scanner.Text())
		}
		thread, rest := m[1], m[2]
		if strings.HasPrefix(rest, "+++ ") || strings.HasPrefix(rest, "--- ") {
			continue
		}
		if m := resumed.FindStringSubmatch(rest); m != nil {
			c := open[thread]
			if c == nil || c.Name != m[1] {
				return nil, fmt.Errorf("line %d of the trace resumes what was not begun: %.200q", at, rest)
			}
			delete(open, thread)
			if err := c.returns(at, m[2]); err != nil {
				return nil, fmt.Errorf("line %d of the trace: %w", at, err)
			}
			continue
		}
		if strings.HasPrefix(rest, "???(") { // a thread that was ended before strace could ask what it was doing
			continue
		}
		m = begun.FindStringSubmatch(rest)
		if m == nil {
			return nil, fmt.Errorf("line %d of the trace: %.200q", at, rest)
		}
		c := &Call{Name: m[1], Start: at}
		calls = append(calls, c)
		args, unfinished := strings.CutSuffix(m[2], " <unfinished ...>")
		var err error
		if unfinished {
			open[thread] = c
		} else {
			err = c.returns(at, m[2])
			if m := result.FindStringSubmatch(args); m != nil {
				args = m[1]
			}
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

// returns reads the end of a line, from some argument on.
func (c *Call) returns(at int, rest string) error {
	m := result.FindStringSubmatch(rest)
	if m == nil {
		return fmt.Errorf("no result in %.200q", rest)
	}
	if m[2] == "?" { // it ended with the process
		c.Result = -1
		return nil
	}
	c.End = at
	var err error
	c.Result, err = strconv.ParseInt(m[2], 10, 64)
	return err
}

// arguments reads what stands between the brackets.
func (c *Call) arguments(args string) error {
	if m := opened.FindStringSubmatch(args); m != nil {
		c.Path = plain(m[1])
	}
	for _, m := range quoted.FindAllStringSubmatch(args, -1) {
		if m[2] != "" {
			return errors.New("strace has cut data short: -s is too small")
		}
		c.Data = append(c.Data, plain(m[1])...)
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
