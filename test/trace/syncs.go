package trace

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// CommandForSyncs is Command for syncs of the disk alone, in the form that Syncs reads; nothing else slows the program down. Each sync takes
// longer than the disk needs, by delay.
func CommandForSyncs(file string, delay time.Duration) ([]string, error) {
	what := []string{"-e", "trace=fsync,fdatasync"}
	if delay > 0 {
		what = append(what, "-e", fmt.Sprintf("inject=fsync,fdatasync:delay_enter=%d", delay.Microseconds()))
	}
	return command(file, what...)
}

// Syncs gives when each sync that succeeded had ended, in their order.
func Syncs(r io.Reader) (ends []time.Time, err error) {
	scanner := bufio.NewScanner(r)
	for scanner.Scan() {
		line := scanner.Text()
		_, when, rest, ok := split(line)
		if !ok {
			return nil, fmt.Errorf("strace wrote %.200q", line)
		}
		is := strings.LastIndexByte(rest, '=')
		if !strings.Contains(rest, "sync") || is < 0 || !strings.HasPrefix(rest[is:], "= 0") {
			continue // it ended without success, or begins here, or is the end of a thread
		}
		seconds, err := strconv.ParseFloat(when, 64)
		if err != nil {
			return nil, fmt.Errorf("strace wrote %.200q: %w", line, err)
		}
		ends = append(ends, time.UnixMicro(int64(seconds*1e6)))
	}
	return ends, scanner.Err()
}
