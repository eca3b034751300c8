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
	all, err := fdatasyncs(dir)
	p := percentilesOf(all)
	return fmt.Sprintf("%s; appending 4 KiB and fdatasync: p50 %s, p99 %s", kind, ms(p.p50), ms(p.p99)), err
}

// fdatasyncs appends 4 KiB to a file, over and over, and says how long each took to be on disk.
func fdatasyncs(dir string) (all []time.Duration, err error) {
	f, err := os.Create(filepath.Join(dir, "probe"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for range 300 {
		start := time.Now()
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return nil, err
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			return nil, err
		}
		all = append(all, time.Since(start))
	}
	return all, nil
}

// met says whether what is wanted was reached.
func met(is bool) string {
	if is {
		return "met"
	}
	return "**missed**"
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
	for _, s := range r.sections() {
		s.write(p)
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
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

func (r *report) nothing(p func(string, ...any)) {
	w, f := r.empty[0], r.empty[1]
	p("## A sync with nothing in it\n")
	p("One device asks again and again, on one connection, and there is nothing new; it does not wait for any. The floor is the bare server's")
	p("answer of as many bytes (%d), which asks for no name and no token.\n", w.bytes)
	p("| | server CPU a request | times the floor | answered p50 | p99 |\n| --- | --: | --: | --: | --: |")
	for i, name := range []string{"wardroom", "floor"} {
		one := r.empty[i]
		us := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }
		p("| %s | **%.1f µs** | %.2f | %.0f µs | %.0f µs |", name, us(one.cpu), float64(one.cpu)/float64(max(1, f.cpu)), us(one.took.p50), us(one.took.p99))
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

func (r *report) inTime(p func(string, ...any)) {
	h, limit := r.half, max(3*r.half.syncs.p99, 25*time.Millisecond)
	p("## Half as busy as can be\n")
	p("%d senders together say half of the %.0f messages a second that the server can deliver to %d people.\n", h.wardroom.Senders, h.capacity, r.size.People)
	p("| | messages/s | sent p50 | p99 | delivered p50 | p99 |\n| --- | --: | --: | --: | --: | --: |")
	for i, one := range []*sending{h.wardroom, h.pair.floor} {
		p("| %s | %.0f | %s | %s | %s | **%s** |", []string{"wardroom", "floor"}[i], one.perSecond(), ms(one.Sent.p50), ms(one.Sent.p99), ms(one.Delivered.p50), ms(one.Delivered.p99))
	}
	p("\nA plain fdatasync just before and after: p99 %s. Wanted: delivered p99 ≤ 3 times that or 25 ms, whichever is more, so %s: %s.\n", ms(h.syncs.p99), ms(limit), met(h.wardroom.Delivered.p99 <= limit))
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
