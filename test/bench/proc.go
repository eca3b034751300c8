package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU times in /proc, on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// cpu is the time that a process has spent on a processor, its kernel time included.
func cpu(pid int) (time.Duration, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(data), ") ") // the name before it may hold anything
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat: %q", pid, data)
	}
	var sum int64
	for _, f := range fields[11:13] { // utime, stime
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return time.Duration(sum) * tick, nil
}

// memory is a process's memory in RAM, in bytes: VmRSS, or VmHWM, the most that it ever was.
func memory(pid int, which string) (int64, error) {
	kib, err := strconv.ParseInt(strings.TrimSuffix(field(fmt.Sprintf("/proc/%d/status", pid), which), " kB"), 10, 64)
	return kib << 10, err
}

// quiet returns when a process has done nothing for a quarter of a second, or after a minute.
func quiet(pid int) error {
	was := time.Duration(-1)
	for range 240 {
		now, err := cpu(pid)
		if err != nil || now-was < tick && was >= 0 {
			return err
		}
		was = now
		<-time.After(250 * time.Millisecond)
	}
	return nil
}
