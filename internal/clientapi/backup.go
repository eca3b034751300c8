package clientapi

import (
	"bufio"
	"encoding/json"
	"net/http"

	"wardroom/internal/device"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

func (a *API) backupRoutes() []route {
	const v3 = "/_matrix/client/v3/room_keys/"
	return []route{
		{"POST", v3 + "version", signedIn, writing, a.createBackup},
		{"GET", v3 + "version", signedIn, general, a.backup},
		{"GET", v3 + "version/{version}", signedIn, general, a.backup},
		{"PUT", v3 + "version/{version}", signedIn, writing, a.setBackup},
		{"DELETE", v3 + "version/{version}", signedIn, writing, a.deleteBackup},
		{"PUT", v3 + "keys", signedIn, writing, a.backUp},
		{"PUT", v3 + "keys/{room}", signedIn, writing, a.backUpRoom},
		{"PUT", v3 + "keys/{room}/{session}", signedIn, writing, a.backUpSession},
		{"GET", v3 + "keys", signedIn, general, a.backedUp},
		{"GET", v3 + "keys/{room}", signedIn, general, a.backedUp},
		{"GET", v3 + "keys/{room}/{session}", signedIn, general, a.backedUpSession},
		{"DELETE", v3 + "keys", signedIn, writing, a.dropBackedUp},
		{"DELETE", v3 + "keys/{room}", signedIn, writing, a.dropBackedUp},
		{"DELETE", v3 + "keys/{room}/{session}", signedIn, writing, a.dropBackedUp},
	}
}

// createBackup makes a new key backup.
//
// Spec: client-server API, POST /room_keys/version.
func (a *API) createBackup(r *request) (any, error) {
	var body struct {
		Algorithm string          `json:"algorithm"`
		AuthData  json.RawMessage `json:"auth_data"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	version, err := a.Backups.Create(r.ctx(), r.who, body.Algorithm, body.AuthData)
	return map[string]any{"version": version}, err
}

// backup gives one key backup, or the current one.
//
// Spec: client-server API, GET /room_keys/version and GET /room_keys/version/{version}.
func (a *API) backup(r *request) (any, error) {
	b, err := a.Backups.Version(r.ctx(), r.who, r.PathValue("version"))
	return map[string]any{
		"version": itoa(b.Version), "algorithm": b.Algorithm, "auth_data": b.AuthData, "count": b.Keys, "etag": itoa(b.ETag),
	}, err
}

// setBackup replaces what a key backup says of itself.
//
// Spec: client-server API, PUT /room_keys/version/{version}.
func (a *API) setBackup(r *request) (any, error) {
	var body struct {
		Algorithm string          `json:"algorithm"`
		AuthData  json.RawMessage `json:"auth_data"`
		Version   string          `json:"version"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	return empty{}, a.Backups.SetAuthData(r.ctx(), r.who, r.PathValue("version"), body.Version, body.Algorithm, body.AuthData)
}

// deleteBackup removes a key backup.
//
// Spec: client-server API, DELETE /room_keys/version/{version}.
func (a *API) deleteBackup(r *request) (any, error) {
	return empty{}, a.Backups.Delete(r.ctx(), r.who, r.PathValue("version"))
}

// backedUpKey is one key as clients send and read it.
//
// Spec: client-server API, "KeyBackupData".
type backedUpKey struct {
	FirstIndex *int64          `json:"first_message_index"`
	Forwarded  *int64          `json:"forwarded_count"`
	Verified   *bool           `json:"is_verified"`
	Data       json.RawMessage `json:"session_data"`
}

// backedUpSessions is the keys of one room.
type backedUpSessions struct {
	Sessions map[string]backedUpKey `json:"sessions"`
}

// backUp adds keys of any rooms to the current backup.
//
// Spec: client-server API, PUT /room_keys/keys.
func (a *API) backUp(r *request) (any, error) {
	var body struct {
		Rooms map[mxid.Room]backedUpSessions `json:"rooms"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	return a.putBackedUp(r, body.Rooms)
}

// backUpRoom adds keys of one room.
//
// Spec: client-server API, PUT /room_keys/keys/{roomId}.
func (a *API) backUpRoom(r *request) (any, error) {
	var body backedUpSessions
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	return a.putBackedUp(r, map[mxid.Room]backedUpSessions{mxid.Room(r.PathValue("room")): body})
}

// backUpSession adds one key.
//
// Spec: client-server API, PUT /room_keys/keys/{roomId}/{sessionId}.
func (a *API) backUpSession(r *request) (any, error) {
	var body backedUpKey
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	sessions := backedUpSessions{map[string]backedUpKey{r.PathValue("session"): body}}
	return a.putBackedUp(r, map[mxid.Room]backedUpSessions{mxid.Room(r.PathValue("room")): sessions})
}

func (a *API) putBackedUp(r *request, rooms map[mxid.Room]backedUpSessions) (any, error) {
	version, err := backupVersion(r)
	if err != nil {
		return nil, err
	}
	var keys []device.BackedUp
	for room, sessions := range rooms {
		for session, k := range sessions.Sessions {
			if k.FirstIndex == nil || k.Forwarded == nil || k.Verified == nil {
				return nil, fault.BadJSON.New("Key %s must have first_message_index, forwarded_count and is_verified.", session)
			}
			keys = append(keys, device.BackedUp{
				Room: room, Session: session, FirstIndex: *k.FirstIndex, Forwarded: *k.Forwarded, Verified: *k.Verified, Data: k.Data,
			})
		}
	}
	b, err := a.Backups.Put(r.ctx(), r.who, version, keys)
	return backupState(b), err
}

// backupState is what every change of keys is answered with.
func backupState(b device.Backup) map[string]any {
	return map[string]any{"count": b.Keys, "etag": itoa(b.ETag)}
}

func backupVersion(r *request) (string, error) {
	version := r.URL.Query().Get("version")
	if version == "" {
		return "", fault.MissingParam.New("The parameter \"version\" is missing: it says which key backup is meant.")
	}
	return version, nil
}

// dropBackedUp removes one key, those of a room, or all.
//
// Spec: client-server API, DELETE /room_keys/keys, DELETE /room_keys/keys/{roomId}, DELETE /room_keys/keys/{roomId}/{sessionId}.
func (a *API) dropBackedUp(r *request) (any, error) {
	version, err := backupVersion(r)
	if err != nil {
		return nil, err
	}
	b, err := a.Backups.Drop(r.ctx(), r.who, version, mxid.Room(r.PathValue("room")), r.PathValue("session"))
	return backupState(b), err
}

// backedUpSession gives one key.
//
// Spec: client-server API, GET /room_keys/keys/{roomId}/{sessionId}.
func (a *API) backedUpSession(r *request) (any, error) {
	version, err := backupVersion(r)
	if err != nil {
		return nil, err
	}
	k, err := a.Backups.Key(r.ctx(), r.who, version, mxid.Room(r.PathValue("room")), r.PathValue("session"))
	return keyOf(k), err
}

func keyOf(k device.BackedUp) backedUpKey {
	return backedUpKey{FirstIndex: &k.FirstIndex, Forwarded: &k.Forwarded, Verified: &k.Verified, Data: k.Data}
}

// backedUp gives the keys of one room, or all. They are written while they are read, so that a large backup needs little
// memory; when reading fails in the middle, the connection is broken off, and the client can see that the answer is not whole.
//
// Spec: client-server API, GET /room_keys/keys and GET /room_keys/keys/{roomId}.
func (a *API) backedUp(r *request) (any, error) {
	version, err := backupVersion(r)
	if err != nil {
		return nil, err
	}
	room := mxid.Room(r.PathValue("room"))
	w := backupWriter{out: bufio.NewWriter(r.w), all: room == ""}
	begun := false
	err = a.Backups.Each(r.ctx(), r.who, version, room, func(keys []device.BackedUp) error {
		if !begun {
			r.w.Header().Set("Content-Type", "application/json")
			w.begin()
			begun = true
		}
		for _, k := range keys {
			if err := w.key(k); err != nil {
				return err
			}
		}
		return w.out.Flush()
	})
	if err == nil {
		err = w.end()
	}
	if err != nil && begun {
		panic(http.ErrAbortHandler)
	}
	return nil, err
}

// backupWriter writes backed up keys as JSON. out keeps its first error and gives it when it is flushed.
type backupWriter struct {
	out  *bufio.Writer
	all  bool      // by rooms
	any  bool      // a key was written
	room mxid.Room // of the last key
}

func (w *backupWriter) text(s string) { _, _ = w.out.WriteString(s) }

func (w *backupWriter) begin() {
	if w.all {
		w.text(`{"rooms":{`)
	} else {
		w.text(`{"sessions":{`)
	}
}

func (w *backupWriter) key(k device.BackedUp) error {
	separator := ""
	if w.any {
		separator = ","
	}
	if w.all && (!w.any || k.Room != w.room) {
		name, err := json.Marshal(k.Room)
		if err != nil {
			return err
		}
		if w.any {
			w.text(`}},`)
		}
		w.text(string(name) + `:{"sessions":{`)
		separator = ""
	}
	name, err := json.Marshal(k.Session)
	if err != nil {
		return err
	}
	value, err := json.Marshal(keyOf(k))
	if err != nil {
		return err
	}
	w.text(separator + string(name) + ":")
	_, _ = w.out.Write(value)
	w.any, w.room = true, k.Room
	return nil
}

func (w *backupWriter) end() error {
	if w.all && w.any {
		w.text(`}}`)
	}
	w.text(`}}`)
	return w.out.Flush()
}
