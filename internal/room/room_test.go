package room_test

import (
	"fmt"
	"testing"

	"wardroom/internal/account"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/store"
	"wardroom/internal/store/storetest"
	"wardroom/internal/stream"
)

const server = mxid.Server("wardroom.test")

// open opens a real store, new or in a folder that has one, and the rooms in it.
func open(t testing.TB, dir string) (*room.Rooms, *store.DB) {
	t.Helper()
	db, _ := storetest.OpenDir(t, dir)
	return &room.Rooms{Disk: db, Server: server}, db
}

// people makes n accounts with one device each.
func people(t testing.TB, db *store.DB, n int) []account.Session {
	t.Helper()
	all := make([]account.Session, n)
	err := db.Do(t.Context(), func(u stream.Unit) (err error) {
		for i := range all {
			s := account.Session{User: mxid.User(fmt.Sprintf("@p%d:%s", i, server)), Device: "D"}
			if s.Account, err = db.AddPerson(u, s.User, "x"); err != nil {
				return err
			}
			if s.DeviceNo, err = db.PutDevice(u, s.Account, s.Device, ""); err != nil {
				return err
			}
			all[i] = s
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// meet makes a room in which everybody is.
func meet(t testing.TB, rooms *room.Rooms, who []account.Session) mxid.Room {
	t.Helper()
	id, err := rooms.Create(t.Context(), who[0], room.Wanted{Preset: "public_chat"})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range who[1:] {
		if err := rooms.Join(t.Context(), p, id, ""); err != nil {
			t.Fatal(err)
		}
	}
	return id
}
