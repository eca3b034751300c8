package clientapi_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// What is counted, of what perf_event_open(2) has.
const (
	hardware   = 0
	executed   = 1
	userAndNew = 1<<1 | 1<<5 | 1<<6 // threads that begin later too; neither the kernel nor what is below it
)

// instructions gives what counts the instructions that this process has executed since. Most virtual machines have no counter for them.
func instructions(t *testing.T) (func() int64, error) { return counter(t, hardware, executed) }

func counter(t *testing.T, typ uint32, config uint64) (func() int64, error) {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return nil, err
	}
	what := struct {
		typ, size                        uint32
		config, period, sample, read, is uint64
		wakeup, breakpoint               uint32
		more                             uint64
	}{typ: typ, size: 64, config: config, is: userAndNew}
	var counters []*os.File
	for _, task := range tasks {
		id, err := strconv.Atoi(task.Name())
		if err != nil {
			return nil, err
		}
		fd, _, failed := syscall.Syscall6(syscall.SYS_PERF_EVENT_OPEN, uintptr(unsafe.Pointer(&what)), uintptr(id), ^uintptr(0), ^uintptr(0), 0, 0)
		if failed == syscall.ESRCH { // it has ended
			continue
		}
		if failed != 0 {
			return nil, fmt.Errorf("this machine's kernel gives no counter (perf_event_open): %w", failed)
		}
		f := os.NewFile(fd, "counter")
		t.Cleanup(func() { f.Close() })
		counters = append(counters, f)
	}
	return func() (sum int64) {
		for _, f := range counters {
			var text [8]byte
			if _, err := f.Read(text[:]); err != nil {
				t.Error(err)
			}
			sum += int64(binary.NativeEndian.Uint64(text[:]))
		}
		return sum
	}, nil
}

// The counter counts: what every kernel counts shows it.
func TestCostIsCounted(t *testing.T) {
	const software, nanoseconds = 1, 1
	counted, err := counter(t, software, nanoseconds)
	if err != nil {
		t.Skip(err)
	}
	before := counted()
	begun := time.Now()
	for x := 0; time.Since(begun) < 20*time.Millisecond; x++ {
	}
	if spent := counted() - before; spent < int64(time.Millisecond) || spent > int64(time.Second) {
		t.Errorf("of %s of work it has counted %d ns", time.Since(begun), spent)
	}
}
