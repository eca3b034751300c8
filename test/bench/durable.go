package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"

	"wardroom/internal/account"
	"wardroom/internal/room"
	"wardroom/test/rig"
)

// plainLog lets a build's rooms keep messages in a plain log, and do nothing else with them: what is left of the program is
// what comes before the store.
const plainLog = `package room

import (
	"os"
	"syscall"

	"wardroom/internal/mxid"
)

type plainLine struct {
	text []byte
	done chan error
}

var plainLines = make(chan plainLine, 256)

func init() {
	file, err := os.Create(os.Getenv("BENCH_LOG"))
	go func() {
		for first := range plainLines {
			all, text := []plainLine{first}, first.text
			for more := true; more && len(all) < 256; {
				select {
				case next := <-plainLines:
					all, text = append(all, next), append(text[:len(text):len(text)], next.text...)
				default:
					more = false
				}
			}
			if err == nil {
				_, err = file.Write(text)
			}
			if err == nil {
				err = syscall.Fdatasync(int(file.Fd()))
			}
			for _, l := range all {
				l.done <- err
			}
		}
	}()
}

func inPlainLog(text []byte) (mxid.Event, error) {
	l := plainLine{text, make(chan error, 1)}
	plainLines <- l
	return "$plain", <-l.done
}
`

// durably measures as many senders as there are at most, while nobody syncs: wardroom, the same program with a plain log instead of the
// store, and the bare server.
func (r *report) durably(ctx context.Context) (err error) {
	senders := slices.Max(r.size.Senders)
	progress("%d senders, and nobody syncs", senders)
	deaf := layout{rooms: 1, people: r.size.People, deaf: true}
	if r.durable.pair, err = r.both(ctx, r.w, deaf, senders, r.size); err != nil {
		return err
	}
	folder := filepath.Join(r.dir, "plain")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	program, err := rig.Build(ctx, folder, rig.Change{File: "internal/room/plainlog.go", New: plainLog},
		rig.Change{File: "internal/room/send.go", Old: "return r.once(ctx, room, proposal{who: who, typ: typ, content: said, txn: txn})", New: "return inPlainLog(said.JSON())"})
	if err != nil {
		return err
	}
	w := r.site("plain/data")
	w.site.Program, w.site.Env = program, []string{"BENCH_LOG=" + filepath.Join(folder, "log")}
	if err := w.fill(ctx, r.size.People, w.oneRoom); err != nil {
		return err
	}
	if r.durable.plain, err = drive(ctx, w, deaf, senders, r.size); err != nil {
		return err
	}
	_, err = w.site.Stop()
	return err
}

// durable is what was sent while nobody syncs.
type durable struct {
	pair
	plain *sending // wardroom's own handlers, with a plain log instead of the store
}

// oneRoom makes a public room, with person 0 in it.
func (w *wardroom) oneRoom(ctx context.Context, rooms *room.Rooms, people []account.Session) error {
	id, err := rooms.Create(ctx, people[0], room.Wanted{Preset: "public_chat", Name: "All"})
	w.rooms = []string{string(id)}
	return err
}

func (r *report) kept(p func(string, ...any)) {
	d := r.durable
	p("## Durable sends\n")
	p("%d senders as above, in one room, while nobody syncs. The floor is wardroom's own handlers with a plain log instead of the store: a request is", d.wardroom.Senders)
	p("read, its sender looked up, its content made canonical and written with one `fdatasync` for all that wait. The bare server does not even that.\n")
	p("| | messages/s | sent p50 | p99 | server CPU a message |\n| --- | --: | --: | --: | --: |")
	for i, one := range []*sending{d.wardroom, d.plain, d.floor} {
		p("| %s | **%.0f** | %s | %s | %.0f µs |", []string{"wardroom", "floor: the same handlers, a plain log", "the bare server"}[i], one.perSecond(), ms(one.Sent.p50), ms(one.Sent.p99), one.perMessage())
	}
	part := d.wardroom.perSecond() / max(1, d.plain.perSecond())
	p("\nWanted: at least 1/3 of the floor; it is %.2f: %s.\n", part, met(part >= 1./3))
}
