package main

import (
	"testing"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/fault"
	"wardroom/internal/room"
	"wardroom/internal/store/storetest"
	"wardroom/internal/stream"
)

// What belongs to a device ends with it, whichever package keeps it.
func TestWhatBelongsToADeviceEndsWithIt(t *testing.T) {
	db, hub := storetest.Open(t)
	api := wire(db, nil, hub, "wardroom.test", 1<<20)
	who := account.Session{User: "@lin:wardroom.test", Device: "D"}
	err := db.Do(t.Context(), func(u stream.Unit) (err error) {
		if who.Account, err = db.AddPerson(u, who.User, "x"); err == nil {
			who.DeviceNo, err = db.PutDevice(u, who.Account, who.Device, "")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	in, err := api.Rooms.Create(t.Context(), who, room.Wanted{})
	if err != nil {
		t.Fatal(err)
	}
	topic := ""
	later, err := api.Rooms.Schedule(t.Context(), who, in, "m.room.topic", &topic, "", []byte(`{"topic":"late"}`), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := api.Accounts.SignOut(t.Context(), who); err != nil {
		t.Fatal(err)
	}
	if err := api.Rooms.Manage(t.Context(), account.Session{}, later, room.SendNow); !fault.Finalised.In(err) {
		t.Errorf("what it was to send later is sent: %v", err)
	}
}
