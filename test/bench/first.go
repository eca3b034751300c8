package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"wardroom/internal/account"
	"wardroom/internal/room"
	"wardroom/test/rig"
)

// firstSync is the first sync of somebody who is in many rooms.
type firstSync struct {
	what  string
	rooms int
	bytes int
	took  time.Duration // the middle one of five
	cpu   time.Duration // of the server, each
	floor time.Duration // the bare server's time for as many bytes
	most  time.Duration // that is wanted; 0: any
}

// firstScreen is what a client that syncs by its window asks for when it opens.
const firstScreen = `{"lists":{"all":{"ranges":[[0,19]],"timeline_limit":1,"required_state":[["m.room.name",""],["m.room.encryption",""],["m.room.member","$LAZY"],` +
	`["m.room.member","$ME"],["m.room.topic",""],["m.room.avatar",""],["m.room.canonical_alias",""],["m.room.power_levels",""],["m.room.create",""]]}},` +
	`"extensions":{"account_data":{"enabled":true},"receipts":{"enabled":true},"typing":{"enabled":true},"to_device":{"enabled":true},"e2ee":{"enabled":true}}}`

// firstSyncs makes the rooms and measures. Person 0 is in all of them, person 1 in a tenth.
func (r *report) firstSyncs(ctx context.Context) error {
	progress("making %d rooms", r.size.Rooms)
	w := r.site("first")
	few := max(1, r.size.Rooms/10)
	if err := w.fill(ctx, r.size.People, func(ctx context.Context, rooms *room.Rooms, people []account.Session) error {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(64)
		for i := range r.size.Rooms {
			group.Go(func() error {
				members := []account.Session{people[0], people[2+i%(len(people)-2)], people[2+(i+1)%(len(people)-2)]}
				if i < few {
					members = append(members, people[1])
				}
				return chat(ctx, rooms, fmt.Sprintf("Project %d", i), members, r.size.Said)
			})
		}
		return group.Wait()
	}); err != nil {
		return err
	}
	sync := func(events int) func(who *rig.Person) []byte {
		filter := fmt.Sprintf(`{"room":{"timeline":{"limit":%d},"state":{"lazy_load_members":true}}}`, events)
		return func(who *rig.Person) []byte { return request("GET", rig.SyncPath("", filter, 0), who.Token, "") }
	}
	slide := func(who *rig.Person) []byte {
		return request("POST", "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync?timeout=0", who.Token, firstScreen)
	}
	for _, f := range []struct {
		what       string
		rooms, who int
		request    func(*rig.Person) []byte
		most       time.Duration
	}{
		{"`/sync`, 20 events of each room", r.size.Rooms, 0, sync(20), 300 * time.Millisecond},
		{"`/sync`, 1 event of each room", r.size.Rooms, 0, sync(1), 300 * time.Millisecond},
		{"sliding sync, the first screen", r.size.Rooms, 0, slide, 15 * time.Millisecond},
		{"sliding sync, the first screen", few, 1, slide, 15 * time.Millisecond},
	} {
		progress("first sync of %d rooms: %s", f.rooms, f.what)
		got, err := r.firstSync(w, f.request(w.people[f.who]))
		if err != nil {
			return err
		}
		got.what, got.rooms, got.most = f.what, f.rooms, f.most
		r.first = append(r.first, got)
	}
	_, err := w.site.Stop()
	return err
}

// chat makes a room in which the members have said so much.
func chat(ctx context.Context, rooms *room.Rooms, name string, members []account.Session, said int) error {
	id, err := rooms.Create(ctx, members[0], room.Wanted{Preset: "public_chat", Name: name})
	for _, m := range members[1:] {
		if err == nil {
			err = rooms.Join(ctx, m, id, "")
		}
	}
	content, _ := rig.Canonical(rig.Encrypted(strings.Repeat("AwgAEnAbcd", 35))) // strings always have a JSON form
	for n := range said {
		if err == nil {
			_, err = rooms.Send(ctx, members[n%len(members)], id, "m.room.encrypted", "f"+strconv.Itoa(n), content)
		}
	}
	return err
}

func (r *report) firstSync(w *wardroom, req []byte) (out firstSync, err error) {
	const times = 5
	if err := quiet(w.pid()); err != nil {
		return out, err
	}
	before, err := cpu(w.pid())
	if err != nil {
		return out, err
	}
	out.took, out.bytes, err = fetch(w.url(), req, times)
	if err != nil {
		return out, err
	}
	after, err := cpu(w.pid())
	if err != nil {
		return out, err
	}
	out.cpu = (after - before) / times
	out.floor, _, err = fetch(r.floor.url(), request("GET", "/bytes/"+strconv.Itoa(out.bytes), "", ""), times)
	return out, err
}

// fetch does the same request several times and gives the middle duration.
func fetch(url string, req []byte, times int) (time.Duration, int, error) {
	l, err := dial(url)
	if err != nil {
		return 0, 0, err
	}
	defer l.conn.Close()
	var all []time.Duration
	size := 0
	for range times {
		start := time.Now()
		body, err := l.do(req)
		if err != nil {
			return 0, 0, err
		}
		all, size = append(all, time.Since(start)), len(body)
	}
	return percentilesOf(all).p50, size, nil
}

func (r *report) firsts(p func(string, ...any)) {
	p("## First sync\n")
	p("With %d messages in each room, members given as far as they are needed. The floor is the bare server's time for as many bytes.\n", r.size.Said)
	p("| rooms | | time | wanted | bytes | server CPU | floor |\n| --: | --- | --: | --: | --: | --: | --: |")
	for _, f := range r.first {
		p("| %d | %s | **%s** | ≤ %s: %s | %.2f MB | %s | %s |", f.rooms, f.what, ms(f.took), ms(f.most), met(f.took <= f.most), float64(f.bytes)/1e6, ms(f.cpu), ms(f.floor))
	}
	p("")
}
