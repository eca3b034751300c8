// Bench measures a wardroom as people would use it: a server on real disk in a process of its own, and this program as all of its
// clients. It prints what it measured, with the floor that a bare server reaches on the same machine in the same minute beside it.
//
// With -o FILE the report is written there too.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// sizes says how large everything is.
type sizes struct {
	People  int           // who sync
	Pause   time.Duration // between messages where it is calm
	Senders []int         // how many send at once, run after run
	Teams   int           // rooms in the second layout
	Warm    time.Duration // sending before anything is counted
	Window  time.Duration // what is counted
	Counted time.Duration // the window in which syncs of the disk are counted, under strace
	Idle    int           // waiting connections
	Rooms   int           // of the person who syncs for the first time
	Said    int           // messages in each of them

	Few, Large, Huge int // members of a room as it grows
	Live             int // who sync when it is large

	Staff, Offices int // people and rooms of an organisation
	Talk           int // messages in each of its rooms
}

var (
	full = sizes{People: 50, Pause: 250 * time.Millisecond, Senders: []int{1, 8, 64}, Teams: 10, Warm: 2 * time.Second, Window: 10 * time.Second, Counted: 4 * time.Second, Idle: 10_000, Rooms: 1000, Said: 20,
		Few: 100, Large: 2000, Huge: 5000, Live: 500, Staff: 1000, Offices: 500, Talk: 200}
	small = sizes{People: 5, Pause: 50 * time.Millisecond, Senders: []int{1, 4}, Teams: 2, Warm: 100 * time.Millisecond, Window: 500 * time.Millisecond, Counted: 300 * time.Millisecond, Idle: 20, Rooms: 20, Said: 3,
		Few: 8, Large: 20, Huge: 30, Live: 5, Staff: 10, Offices: 5, Talk: 4}
)

// Environment variables with which this program starts itself.
const (
	envFloor  = "BENCH_FLOOR"  // be the bare server, with its log in this folder
	envPinned = "BENCH_PINNED" // the processors of the server; this process has been given the others
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := begin(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func begin(ctx context.Context) error {
	if folder := os.Getenv(envFloor); folder != "" {
		return serveFloor(ctx, folder)
	}
	size := full
	flag.BoolFunc("short", "measure little, to see that everything works", func(string) error { size = small; return nil })
	out := flag.String("o", "", "`file` to write the report to")
	only := flag.String("only", "", "`names` of sections to measure, with commas between them: calm, empty, sending, durable, store, half, syncs, idle, first, crowd, whole")
	profiled := flag.String("profile", "", "`file` to write a profile of the server's CPU to, instead of the report; for go tool pprof")
	flag.Parse()
	serverCPUs, pinned := os.LookupEnv(envPinned)
	if n := runtime.NumCPU(); !pinned && n >= 2 {
		return again(fmt.Sprintf("0-%d", n/2-1), fmt.Sprintf("%d-%d", n/2, n-1))
	}
	dir, err := os.MkdirTemp("", "wardroom-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if *profiled != "" {
		return profile(ctx, dir, size, serverCPUs, *profiled)
	}
	r, err := measure(ctx, dir, size, serverCPUs, *only)
	if err != nil {
		return err
	}
	text := r.document()
	fmt.Print(text)
	if *out == "" {
		return nil
	}
	return os.WriteFile(*out, []byte(text), 0o644)
}

// again runs this program anew on half of the processors, so that server and clients do not take each other's.
func again(mine, servers string) error {
	taskset, err := exec.LookPath("taskset")
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return syscall.Exec(taskset, append([]string{"taskset", "-c", mine, self}, os.Args[1:]...), append(os.Environ(), envPinned+"="+servers))
}

// on is the command that runs a program on these processors.
func on(cpus string) []string {
	if cpus == "" {
		return nil
	}
	return []string{"taskset", "-c", cpus}
}
