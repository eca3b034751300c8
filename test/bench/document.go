package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// machine is where and of what was measured.
type machine struct {
	processor, memory, kernel, disk, load, commit string
}

// look finds out about this machine. dir is where the data is.
func look(ctx context.Context, dir string) (machine, error) {
	m := machine{processor: field("/proc/cpuinfo", "model name"), memory: field("/proc/meminfo", "MemTotal"), load: first("/proc/loadavg")}
	m.kernel = first("/proc/sys/kernel/ostype") + " " + first("/proc/sys/kernel/osrelease")
	var err error
	if m.disk, err = disk(dir); err != nil {
		return m, err
	}
	commit, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--abbrev=12").Output()
	if err != nil {
		commit = []byte("unknown")
	}
	m.commit = strings.TrimSpace(string(commit))
	return m, nil
}

// first is the first line of a file, "" if it cannot be read.
func first(file string) string {
	data, _ := os.ReadFile(file)
	line, _, _ := strings.Cut(string(data), "\n")
	return line
}

// field is a line's value in a file of lines such as "name: value".
func field(file, name string) string {
	data, _ := os.ReadFile(file)
	for line := range strings.Lines(string(data)) {
		if key, value, _ := strings.Cut(line, ":"); strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// disk says what kind of file system dir is on, and how long a plain fdatasync of 4 KiB takes there.
func disk(dir string) (string, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return "", err
	}
	kind, ok := map[int64]string{0xef53: "ext4", 0x58465342: "xfs", 0x9123683e: "btrfs", 0x01021994: "tmpfs, which is no disk", 0x794c7630: "overlayfs"}[int64(fs.Type)]
	if !ok {
		kind = fmt.Sprintf("file system %#x", fs.Type)
	}
	f, err := os.Create(filepath.Join(dir, "probe"))
	if err != nil {
		return "", err
	}
	defer f.Close()
	var all []time.Duration
	for range 300 {
		start := time.Now()
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return "", err
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			return "", err
		}
		all = append(all, time.Since(start))
	}
	p := percentilesOf(all)
	return fmt.Sprintf("%s; appending 4 KiB and fdatasync: p50 %s, p99 %s", kind, ms(p.p50), ms(p.p99)), nil
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

// document is the report as Markdown.
func (r *report) document() string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("# Performance\n")
	p("Measured by `make bench`, which writes this file; do not edit it. Every figure is from one run. The machine is small and may")
	p("be busy with other things, so read each figure beside the floor that a bare server reached in the same run.\n")
	p("| | |\n| --- | --- |")
	p("| date | %s |", time.Now().UTC().Format("2006-01-02 15:04 UTC"))
	p("| commit | %s |", r.machine.commit)
	p("| machine | %s, %d processors, %s memory, %s |", r.machine.processor, processors(), r.machine.memory, r.machine.kernel)
	p("| disk | %s |", r.machine.disk)
	p("| load before | %s |", r.machine.load)
	p("| Go | %s |", runtime.Version())
	p("| command | `make bench` |\n")
	if r.pinned != "" {
		p("Server and clients share the machine: the server has processor %s to itself, the clients, one other process, have the rest.", r.pinned)
		p("So the server's figures are those of %d processor(s), and its own parallelism is not measured.\n", serverProcessors(r.pinned))
	}
	p("The **floor** is a bare server in the same place (`test/bench/floor.go`): net/http, one log file, one `fdatasync` for all messages")
	p("that wait, long-polls that are given the bytes. It has no accounts, rooms, state, permissions or database.\n")
	r.told(p)
	r.sent(p)
	r.disk(p)
	r.waiting(p)
	r.firsts(p)
	return b.String()
}

// serverProcessors counts the processors in a list such as "1-1".
func serverProcessors(list string) int {
	var from, to int
	if n, _ := fmt.Sscanf(list, "%d-%d", &from, &to); n == 2 {
		return to - from + 1
	}
	return 1
}

// processors is how many this machine has; this process may have been given fewer.
func processors() int {
	data, _ := os.ReadFile("/proc/cpuinfo")
	return max(runtime.NumCPU(), strings.Count("\n"+string(data), "\nprocessor"))
}

func (r *report) told(p func(string, ...any)) {
	w, f := r.calm.wardroom, r.calm.floor
	p("## A message now and then\n")
	p("One person sends a message every %s, and %d people who wait are told of it: nothing is shared with another message.\n", r.size.Pause, r.size.People)
	p("| | server CPU a message | times the floor | sent p50 | p99 | delivered p50 | p99 |\n| --- | --: | --: | --: | --: | --: | --: |")
	for _, one := range []struct {
		name string
		*sending
	}{{"wardroom", w}, {"floor", f}} {
		p("| %s | **%.0f µs** | %.2f | %s | %s | %s | %s |", one.name, one.perMessage(), one.perMessage()/max(1, f.perMessage()),
			ms(one.Sent.p50), ms(one.Sent.p99), ms(one.Delivered.p50), ms(one.Delivered.p99))
	}
	p("")
}

func (r *report) sent(p func(string, ...any)) {
	p("## Sending while %d people sync\n", r.size.People)
	p("Each sender sends an encrypted message of about 700 bytes as soon as the one before it was answered, so with more senders the server")
	p("is as busy as it can be, and latency is mostly waiting for one's turn. *Sent* is from a request to its answer, when the message is on")
	p("disk; *delivered* is from the request to each member's having read the message from a long-poll. Server CPU is user and kernel time")
	p("of its process for each message, its delivery to all members included. *Busy* is how much of a processor server and clients used.\n")
	members := -1
	for _, s := range r.sendings {
		w, f := s.wardroom, s.floor
		if w.Members != members {
			members = w.Members
			p("\n%s:\n", map[bool]string{true: "Everybody in one room: each message goes to all", false: fmt.Sprintf("Teams: each message goes to %d people", members)}[members == r.size.People])
			p("| senders | messages/s | sent p50 | p99 | delivered p50 | p99 | server CPU a message | a delivery | busy: server, clients | floor: messages/s | sent p50 | delivered p50 | CPU a message |")
			p("| --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |")
		}
		p("| %d | **%.0f** | %s | %s | %s | %s | %.0f µs | %.0f µs | %.2f, %.2f | %.0f | %s | %s | %.0f µs |", w.Senders, w.perSecond(),
			ms(w.Sent.p50), ms(w.Sent.p99), ms(w.Delivered.p50), ms(w.Delivered.p99), w.perMessage(), w.perMessage()/float64(max(1, members)),
			w.busy(w.CPU), w.busy(w.Own), f.perSecond(), ms(f.Sent.p50), ms(f.Delivered.p50), f.perMessage())
	}
	p("")
}

func (r *report) disk(p func(string, ...any)) {
	p("## Syncs of the disk\n")
	p("Counted by strace (`fsync` and `fdatasync` that returned 0) in a run of its own, because strace slows the server down. One commit, and")
	p("so one sync, carries all messages that wait, so fewer than one a message means that the batching works.\n")
	p("| senders | messages | syncs | syncs a message |\n| --: | --: | --: | --: |")
	for _, c := range r.synced {
		p("| %d | %d | %d | %.2f |", c.senders, c.messages, c.syncs, float64(c.syncs)/float64(max(1, c.messages)))
	}
	p("")
}

func (r *report) waiting(p func(string, ...any)) {
	p("## Idle connections\n")
	p("%d plain HTTP connections of %d people, each with a sync that waits; VmRSS after a collection of garbage, less that before they", r.size.Idle, r.size.People)
	p("were opened. (The measured build differs from the normal one in that it collects when it is told to.)\n")
	p("| | memory a connection | without, with them | CPU while nothing happens |\n| --- | --: | --: | --: |")
	for i, name := range []string{"wardroom", "floor"} {
		w := r.idle[i]
		p("| %s | **%.1f KiB** | %d MiB, %d MiB | %s in %s |", name, float64(w.bytes)/1024, w.at>>20, w.with>>20, ms(w.cpu), w.window)
	}
	p("")
}

func (r *report) firsts(p func(string, ...any)) {
	p("## First sync\n")
	p("Of somebody who is in %d rooms with %d messages each. The floor is the bare server's time for as many bytes.\n", r.size.Rooms, r.size.Said)
	p("| | time | bytes | server CPU | floor |\n| --- | --: | --: | --: | --: |")
	for _, f := range r.first {
		p("| %s | **%s** | %.1f MB | %s | %s |", f.what, ms(f.took), float64(f.bytes)/1e6, ms(f.cpu), ms(f.floor))
	}
}
