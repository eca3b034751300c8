package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"wardroom/test/rig"
)

// profiler lets a build write a profile of its CPU for as long as it runs.
const profiler = `package main

import (
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
)

func init() {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGUSR1)
	go func() {
		<-told
		f, err := os.Create(os.Getenv("BENCH_PROBE") + ".part")
		if err != nil {
			panic(err)
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			panic(err)
		}
		<-told
		pprof.StopCPUProfile()
		os.Rename(f.Name(), os.Getenv("BENCH_PROBE"))
	}()
}
`

// profile writes a profile of the server while each number of senders sends to everybody, and prints the CPU that each message took.
func profile(ctx context.Context, dir string, size sizes, cpus, file string) (err error) {
	program, err := rig.Build(ctx, dir, rig.Change{File: "cmd/wardroom/profiler.go", New: profiler})
	if err != nil {
		return err
	}
	if file, err = filepath.Abs(file); err != nil {
		return err
	}
	w := &wardroom{site: rig.NewSite(program, filepath.Join(dir, "data"), on(cpus)...)}
	w.site.Env = []string{"BENCH_PROBE=" + file}
	if err := w.open(ctx, size); err != nil {
		return err
	}
	defer func() {
		_, stopped := w.site.Stop()
		err = errors.Join(err, stopped)
	}()
	if err := signalled(w.pid(), file+".part"); err != nil {
		return err
	}
	for _, senders := range size.Senders {
		s, err := drive(ctx, w, layout{rooms: 1, people: size.People}, senders, size)
		if err != nil {
			return err
		}
		fmt.Printf("%2d senders: %.0f messages/s, %.0f µs of CPU each; sent p50 %s, delivered p50 %s; %d gaps\n",
			senders, s.perSecond(), s.perMessage(), ms(s.Sent.p50), ms(s.Delivered.p50), s.Gaps)
	}
	return signalled(w.pid(), file)
}
