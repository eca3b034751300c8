package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"filippo.io/age"
)

// kept is how a backup of a running server went, and what somebody noticed who sent one message after the other.
type kept struct {
	took           time.Duration
	database, file int64       // bytes
	quiet, busy    percentiles // of sending without it and during it
	sent           int         // messages during it
}

// backUp makes a backup of a server that runs, while somebody sends messages to a room.
func (w *wardroom) backUp(ctx context.Context, dir string) (k kept, err error) {
	room, err := w.people[0].Room(ctx, "In the meantime")
	if err != nil {
		return k, err
	}
	w.rooms = append(w.rooms, room)
	l, err := dial(w.url())
	if err != nil {
		return k, err
	}
	defer l.conn.Close()
	n := 0
	send := func(until func() bool) (p percentiles, err error) {
		var all []time.Duration
		for !until() || len(all) == 0 {
			n++
			start := time.Now()
			if _, err := l.do(w.send(0, len(w.rooms)-1, fmt.Sprint("backup", n), "in the meantime")); err != nil {
				return p, err
			}
			all = append(all, time.Since(start))
		}
		return percentilesOf(all), nil
	}
	if k.quiet, err = send(func() bool { return n >= 100 }); err != nil {
		return k, err
	}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return k, err
	}
	to := filepath.Join(dir, "backup")
	cmd := exec.CommandContext(ctx, string(w.site.Program), w.site.Args("backup", "--to", to, "--recipient", key.Recipient().String())...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	start, ended := time.Now(), make(chan struct{})
	if err := cmd.Start(); err != nil {
		return k, err
	}
	var failure error
	go func() {
		failure = cmd.Wait()
		k.took = time.Since(start)
		close(ended)
	}()
	before := n
	k.busy, err = send(func() bool {
		select {
		case <-ended:
			return true
		default:
			return false
		}
	})
	<-ended
	k.sent = n - before
	if failure != nil {
		return k, fmt.Errorf("the backup: %w\n%s", failure, &said)
	}
	if err != nil {
		return k, err
	}
	for file, size := range map[string]*int64{to: &k.file, filepath.Join(w.site.Data, "wardroom.db"): &k.database} {
		info, err := os.Stat(file)
		if err != nil {
			return k, err
		}
		*size = info.Size()
	}
	return k, os.Remove(to)
}

func (k kept) write(p func(string, ...any)) {
	p("A backup of it while it runs, in a process of its own on the processors of the clients, and what somebody noticed who sent one message after the other:\n")
	p("| database | backup | took | sent p50, p99 before | sent p50, p99 meanwhile | messages meanwhile |\n| --: | --: | --: | --: | --: | --: |")
	p("| %d MiB | %d MiB | **%.1f s** | %s, %s | %s, **%s** | %d |\n", k.database>>20, k.file>>20, k.took.Seconds(), ms(k.quiet.p50), ms(k.quiet.p99), ms(k.busy.p50), ms(k.busy.p99), k.sent)
}
