package main

import (
	"wardroom/internal/account"
	"wardroom/internal/clientapi"
	"wardroom/internal/device"
	"wardroom/internal/feed"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/store"
	"wardroom/internal/stream"
)

// wire puts the domain packages of the server called name together, over one store.
func wire(db *store.DB, hub *stream.Hub, name mxid.Server) *clientapi.API {
	accounts := account.New(db, name)
	devices := &device.Devices{Disk: db}
	rooms := &room.Rooms{Disk: db, Server: name}
	accounts.DeviceGone, accounts.Renamed, accounts.Leaving = devices.Remove, rooms.Renamed, rooms.LeaveAll
	feeds := &feed.Feed{Disk: db, Hub: hub, Rooms: rooms, Devices: devices, Typing: feed.NewTyping(hub)}
	return &clientapi.API{Accounts: accounts, Devices: devices, Backups: &device.Backups{Disk: db}, Rooms: rooms, Feed: feeds}
}
