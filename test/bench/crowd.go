package main

import (
	"context"
	"net/url"
	"time"

	"wardroom/test/rig"
)

// crowded is what a room of very many people costs.
type crowded struct {
	early, late joins
	pair        // one message to those of a large room who sync
}

// joins are some joins, one after the other.
type joins struct {
	members int // the first of them became this many
	took    percentiles
	cpu     time.Duration // of the server, each
}

// crowding lets people join a room, looks at some of the first and some of the last, and lets somebody speak in between.
func (r *report) crowding(ctx context.Context) error {
	size := r.size
	progress("making %d people for one room", size.Huge)
	w := r.site("crowd")
	w.filter = `{"room":{"timeline":{"limit":100},"state":{"lazy_load_members":true}}}`
	if err := w.fill(ctx, size.Huge+1, w.oneRoom); err != nil {
		return err
	}
	few := size.Few / 2 // joins around that many members
	var err error
	join := func(upto int) {
		if err == nil {
			_, err = w.join(1, upto)
		}
	}
	measured := func(from int) (j joins) {
		if err != nil {
			return j
		}
		var waits *line // of somebody who is in no room: as long as anybody waits, it takes knowing whom what happens concerns
		if waits, err = w.awaits(size.Huge); err != nil {
			return j
		}
		defer waits.conn.Close()
		if err = quiet(w.pid()); err == nil {
			j, err = w.join(from, from+2*few)
		}
		return j
	}
	join(size.Few - few)
	r.crowd.early = measured(size.Few - few)
	progress("a message to %d people, %d of them sync", size.Large, size.Live)
	if err == nil {
		_, err = w.join(size.Few+few, size.Large)
	}
	if err == nil {
		size.Window *= 2
		r.crowd.pair, err = r.both(ctx, w, layout{rooms: 1, people: size.Live, pause: size.Pause * 2}, 1, size)
	}
	progress("up to %d people join", size.Huge)
	if err == nil {
		_, err = w.join(size.Large, size.Huge-2*few)
	}
	r.crowd.late = measured(size.Huge - 2*few)
	if err != nil {
		return err
	}
	_, err = w.site.Stop()
	return err
}

// awaits has person number who sync and wait.
func (w *wardroom) awaits(who int) (*line, error) {
	l, err := dial(w.url())
	if err != nil {
		return nil, err
	}
	body, err := l.do(w.sync(who, -1, ""))
	if err == nil {
		var since string
		if since, err = token(body, "next_batch"); err == nil {
			err = l.write(w.sync(who, -1, since))
		}
	}
	if err != nil {
		l.conn.Close()
	}
	return l, err
}

// join lets people join the crowd's room one after the other, person from first, up to person upto without that one.
func (w *wardroom) join(from, upto int) (j joins, err error) {
	l, err := dial(w.url())
	if err != nil {
		return j, err
	}
	defer l.conn.Close()
	j.members = from + 1
	before, err := cpu(w.pid())
	if err != nil {
		return j, err
	}
	var all []time.Duration
	for who := from; who < upto; who++ {
		start := time.Now()
		if _, err := l.do(request("POST", "/_matrix/client/v3/join/"+url.PathEscape(w.rooms[0]), w.people[who].Token, "{}")); err != nil {
			return j, err
		}
		all = append(all, time.Since(start))
	}
	after, err := cpu(w.pid())
	j.took, j.cpu = percentilesOf(all), (after-before)/time.Duration(max(1, len(all)))
	return j, err
}

func (r *report) crowds(p func(string, ...any)) {
	c := r.crowd
	p("## A room of thousands\n")
	p("People join one after the other, while somebody waits who is in no room; of some around the %dth and of the last before the %dth:\n", r.size.Few, r.size.Huge)
	p("| joins from member | p50 | p99 | server CPU |\n| --: | --: | --: | --: |")
	for _, j := range []joins{c.early, c.late} {
		p("| %d | **%.2f ms** | %s | %.2f ms |", j.members, j.took.p50.Seconds()*1e3, ms(j.took.p99), j.cpu.Seconds()*1e3)
	}
	slower := c.late.took.p50.Seconds() / max(1e-9, c.early.took.p50.Seconds())
	p("\nWanted: no more than 1.2 times as long; it is %.2f times: %s.\n", slower, met(slower <= 1.2))
	p("A message to %d members, %d of whom sync:\n", r.size.Large, r.size.Live)
	p("| | server CPU a message | sent p50 | delivered p50 | p99 |\n| --- | --: | --: | --: | --: |")
	for i, one := range []*sending{c.wardroom, c.floor} {
		p("| %s | **%.1f ms** | %s | %s | %s |", []string{"wardroom", "floor"}[i], one.perMessage()/1e3, ms(one.Sent.p50), ms(one.Delivered.p50), ms(one.Delivered.p99))
	}
	p("\nWanted: ≤ 50 ms of CPU: %s.\n", met(c.wardroom.perMessage() <= 50e3))
}

// organisation is a whole server's memory, and its backup.
type organisation struct {
	atRest, waiting, peak int64
	backup                kept
}

// organising makes an organisation and lets everybody in it sync for the first time and wait.
func (r *report) organising(ctx context.Context) error {
	size := r.size
	progress("making %d people, %d rooms, %d events", size.Staff, size.Offices, size.Offices*size.Talk)
	w := r.site("whole")
	if err := w.fill(ctx, size.Staff, teams(size.Offices, min(20, size.Staff), size.Talk)); err != nil {
		return err
	}
	if err := quiet(w.pid()); err != nil {
		return err
	}
	var err error
	if r.whole.atRest, err = memory(w.pid(), "VmRSS"); err != nil {
		return err
	}
	progress("%d people sync for the first time and wait", size.Staff)
	var lines []*line
	defer func() {
		for _, l := range lines {
			l.conn.Close()
		}
	}()
	for who := range w.people {
		l, err := dial(w.url())
		if err != nil {
			return err
		}
		lines = append(lines, l)
		path := func(since string, wait time.Duration) []byte {
			return request("GET", rig.SyncPath(since, `{"room":{"timeline":{"limit":20},"state":{"lazy_load_members":true}}}`, wait), w.people[who].Token, "")
		}
		body, err := l.do(path("", 0))
		if err != nil {
			return err
		}
		since, err := token(body, "next_batch")
		if err == nil {
			err = l.write(path(since, 30*time.Second))
		}
		if err != nil {
			return err
		}
	}
	if r.whole.waiting, err = memory(w.pid(), "VmRSS"); err == nil {
		r.whole.peak, err = memory(w.pid(), "VmHWM")
	}
	if err == nil {
		progress("a backup of all that")
		r.whole.backup, err = w.backUp(ctx, r.dir)
	}
	if err != nil {
		return err
	}
	_, err = w.site.Stop()
	return err
}

func (r *report) organised(p func(string, ...any)) {
	o, size := r.whole, r.size
	p("## The whole process\n")
	p("%d people, each in %d of %d rooms, with %d events: memory of the server after it started, and when everybody has made a first sync and", size.Staff, size.Offices*min(20, size.Staff)/size.Staff, size.Offices, size.Offices*size.Talk)
	p("waits for more. No garbage is collected for the occasion.\n")
	p("| started | everybody waits | most at any time |\n| --: | --: | --: |\n| %d MiB | **%d MiB** | %d MiB |\n", o.atRest>>20, o.waiting>>20, o.peak>>20)
	p("Wanted: ≤ 250 MiB at any time: %s.\n", met(o.peak <= 250<<20))
	o.backup.write(p)
}
