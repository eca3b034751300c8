package main

import (
	"errors"

	"wardroom/internal/account"
	"wardroom/internal/casework"
	"wardroom/internal/clientapi"
	"wardroom/internal/device"
	"wardroom/internal/feed"
	"wardroom/internal/media"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/store"
	"wardroom/internal/stream"
)

// wire puts the domain packages of the server called name together, over one store and one bucket of files.
func wire(db *store.DB, bucket media.Bucket, hub *stream.Hub, name mxid.Server, uploadLimit int64) *clientapi.API {
	accounts := account.New(db, name)
	accounts.Hub = hub
	devices := &device.Devices{Disk: db}
	rooms := &room.Rooms{Disk: db, Server: name}
	accounts.DeviceGone = func(u stream.Unit, s account.Session) error {
		return errors.Join(devices.Remove(u, s), rooms.EndDelayed(u, s))
	}
	accounts.DeviceNamed = devices.Named
	accounts.Renamed, accounts.Leaving = rooms.Renamed, rooms.LeaveAll
	feeds := &feed.Feed{Disk: db, Hub: hub, Rooms: rooms, Devices: devices, Typing: feed.NewTyping(hub)}
	return &clientapi.API{
		Accounts: accounts, Devices: devices, Backups: &device.Backups{Disk: db}, Rooms: rooms, Feed: feeds,
		Media: media.New(db, bucket, hub, name, uploadLimit),
		Cases: &casework.Cases{Disk: db, Rooms: rooms},
	}
}
