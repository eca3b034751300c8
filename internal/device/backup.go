package device

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"wardroom/internal/account"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

const (
	maxBackups     = 100      // versions that one person may have at a time
	maxKeys        = 500_000  // keys that one person may have in all of them: some hundred a day for some years
	maxKeysBytes   = 1 << 30  // bytes of these keys
	maxAuthData    = 16 << 10 // bytes of what a version says of itself
	maxSessionData = 32 << 10 // bytes of one backed up key
	backupBatch    = 500      // keys in one unit of work, or read in one view
)

// Backup is one version of a person's key backup. The server can not read the keys in it.
//
// Spec: client-server API, "Server-side key backups".
type Backup struct {
	Version   int64
	Algorithm string
	AuthData  json.RawMessage
	ETag      int64 // grows with each change of the keys
	Keys      int64 // how many keys are in it
	Bytes     int64 // how many bytes their data has
	Deleted   bool
}

// BackedUp is one room key in a backup.
type BackedUp struct {
	Room       mxid.Room
	Session    string
	FirstIndex int64
	Forwarded  int64
	Verified   bool
	Data       json.RawMessage
}

// BackupNumbers are the numbers of all of a person's key backups together.
type BackupNumbers struct {
	Highest     int64 // the highest version that there ever was
	Existing    int64 // how many versions are not deleted
	Keys, Bytes int64 // as in Backup, of all versions
}

// BackupDisk keeps key backups.
type BackupDisk interface {
	stream.Disk
	// Backup finds one version, a deleted one too. ok is false where it never was.
	Backup(v stream.View, a account.No, version int64) (b Backup, ok bool, err error)
	// NewestBackup finds the newest version that is not deleted. ok is false where there is none.
	NewestBackup(v stream.View, a account.No) (b Backup, ok bool, err error)
	// BackupNumbers gives the numbers of all versions of a.
	BackupNumbers(v stream.View, a account.No) (BackupNumbers, error)
	// PutBackup stores b in place of the version of that number.
	PutBackup(u stream.Unit, a account.No, b Backup) error
	// BackedUp finds one key of a version. ok is false where there is none.
	BackedUp(v stream.View, a account.No, version int64, room mxid.Room, session string) (k BackedUp, ok bool, err error)
	// BackedUpAfter lists keys by room and session: those behind the room and session given, at most limit. With only set it
	// stays in that room.
	BackedUpAfter(v stream.View, a account.No, version int64, room mxid.Room, session string, only bool, limit int) ([]BackedUp, error)
	// PutBackedUp stores k in place of the key of that room and session.
	PutBackedUp(u stream.Unit, a account.No, version int64, k BackedUp) error
	// DropBackedUp removes a key.
	DropBackedUp(u stream.Unit, a account.No, version int64, room mxid.Room, session string) error
	// LeftBehind finds a deleted version that still has keys. ok is false where there is none.
	LeftBehind(v stream.View) (a account.No, version int64, ok bool, err error)
	// DropSome removes keys of a version, at most limit, and says how many.
	DropSome(u stream.Unit, a account.No, version int64, limit int) (int64, error)
}

// Backups answers for everybody's key backup.
type Backups struct {
	Disk BackupDisk
}

// Create makes a new, empty version, which is the current one from now on, and returns its number.
//
// It returns fault.InvalidParam, fault.BadJSON or fault.TooLarge for a version that cannot be, fault.OverQuota when there are
// a hundred already.
//
// Spec: client-server API, POST /room_keys/version.
func (bs *Backups) Create(ctx context.Context, who account.Session, algorithm string, authData json.RawMessage) (version string, err error) {
	data, err := compactObject(authData, "auth_data", maxAuthData)
	if err != nil {
		return "", err
	}
	if !plainName(algorithm) {
		return "", fault.InvalidParam.New("A key backup must name its algorithm.")
	}
	err = bs.Disk.Do(ctx, func(u stream.Unit) error {
		n, err := bs.Disk.BackupNumbers(u, who.Account)
		if err != nil {
			return err
		}
		if n.Existing >= maxBackups {
			return fault.OverQuota.New("You have %d key backups. Delete old ones first.", n.Existing)
		}
		version = strconv.FormatInt(n.Highest+1, 10)
		return bs.Disk.PutBackup(u, who.Account, Backup{Version: n.Highest + 1, Algorithm: algorithm, AuthData: data})
	})
	return version, err
}

// Version gives one version, or the current one for an empty version. It returns fault.NotFound where there is none.
//
// Spec: client-server API, GET /room_keys/version and GET /room_keys/version/{version}.
func (bs *Backups) Version(ctx context.Context, who account.Session, version string) (b Backup, err error) {
	err = bs.Disk.View(ctx, func(v stream.View) error {
		if version != "" {
			b, err = bs.existing(v, who, version)
			return err
		}
		var ok bool
		if b, ok, err = bs.Disk.NewestBackup(v, who.Account); err == nil && !ok {
			return fault.NotFound.New("There is no key backup.")
		}
		return err
	})
	return b, err
}

// existing finds a version that is not deleted. It returns fault.NotFound where there is none.
func (bs *Backups) existing(v stream.View, who account.Session, version string) (Backup, error) {
	b, ok, err := bs.find(v, who, version)
	if err == nil && (!ok || b.Deleted) {
		err = unknownVersion()
	}
	return b, err
}

func (bs *Backups) find(v stream.View, who account.Session, version string) (Backup, bool, error) {
	n, err := strconv.ParseInt(version, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != version {
		return Backup{}, false, nil
	}
	return bs.Disk.Backup(v, who.Account, n)
}

func unknownVersion() error {
	return fault.NotFound.New("There is no key backup of this version.")
}

// SetAuthData replaces what a version says of itself. The algorithm must be the version's, and inBody, the version that the
// body names, must be the same or empty.
//
// It returns fault.NotFound where there is no such version, and fault.InvalidParam where something does not match.
//
// Spec: client-server API, PUT /room_keys/version/{version}.
func (bs *Backups) SetAuthData(ctx context.Context, who account.Session, version, inBody, algorithm string, authData json.RawMessage) error {
	data, err := compactObject(authData, "auth_data", maxAuthData)
	if err != nil {
		return err
	}
	return bs.Disk.Do(ctx, func(u stream.Unit) error {
		b, err := bs.existing(u, who, version)
		switch {
		case err != nil:
			return err
		case inBody != "" && inBody != version:
			return fault.InvalidParam.New("The body names version %q and the address version %q.", inBody, version)
		case algorithm != b.Algorithm:
			return fault.InvalidParam.New("The algorithm of a key backup cannot change: this one has %s.", b.Algorithm)
		}
		b.AuthData = data
		return bs.Disk.PutBackup(u, who.Account, b)
	})
}

// Delete removes a version and all its keys. One that was deleted before is deleted again silently; for one that never was
// it returns fault.NotFound.
//
// Spec: client-server API, DELETE /room_keys/version/{version}.
func (bs *Backups) Delete(ctx context.Context, who account.Session, version string) error {
	var b Backup
	err := bs.Disk.Do(ctx, func(u stream.Unit) (err error) {
		var ok bool
		if b, ok, err = bs.find(u, who, version); err == nil && !ok {
			return unknownVersion()
		}
		if err != nil || b.Deleted {
			return err
		}
		return bs.Disk.PutBackup(u, who.Account, Backup{Version: b.Version, Algorithm: b.Algorithm, AuthData: json.RawMessage("{}"), Deleted: true})
	})
	if err != nil {
		return err
	}
	return bs.empty(ctx, who.Account, b.Version)
}

// empty removes all keys of a deleted version, a little at a time, so that nobody else has to wait for long.
func (bs *Backups) empty(ctx context.Context, a account.No, version int64) error {
	for n := int64(backupBatch); n == backupBatch; {
		err := bs.Disk.Do(ctx, func(u stream.Unit) (err error) {
			n, err = bs.Disk.DropSome(u, a, version, backupBatch)
			return err
		})
		if err != nil {
			return fmt.Errorf("removing the keys of a deleted backup: %w", err)
		}
	}
	return nil
}

// Prune removes what deleted versions left behind when the server was stopped in the middle.
func (bs *Backups) Prune(ctx context.Context) error {
	for {
		var a account.No
		var version int64
		var ok bool
		err := bs.Disk.View(ctx, func(v stream.View) (err error) {
			a, version, ok, err = bs.Disk.LeftBehind(v)
			return err
		})
		if err != nil || !ok {
			return err
		}
		if err := bs.empty(ctx, a, version); err != nil {
			return err
		}
	}
}

// Put adds keys to the current version and returns it as it is then. A key that is there already is replaced by a better one
// alone: verified before unverified, then the one that reads from an earlier message on, then the one that went through
// fewer hands. Where no key is better, nothing changes, the ETag too.
//
// It returns fault.WrongKeysVersion, with the current version, when version is another one, fault.NotFound where there
// is no backup at all, and fault.OverQuota when the person has as many keys as one may; some of keys may be kept then.
//
// Spec: client-server API, PUT /room_keys/keys, PUT /room_keys/keys/{roomId}, PUT /room_keys/keys/{roomId}/{sessionId}.
func (bs *Backups) Put(ctx context.Context, who account.Session, version string, keys []BackedUp) (b Backup, err error) {
	for i, k := range keys {
		if keys[i], err = k.checked(); err != nil {
			return Backup{}, err
		}
	}
	slices.SortFunc(keys, func(a, b BackedUp) int { return cmp.Or(cmp.Compare(a.Room, b.Room), cmp.Compare(a.Session, b.Session)) })
	for begin := 0; begin == 0 || begin < len(keys); begin += backupBatch {
		batch := keys[begin:min(begin+backupBatch, len(keys))]
		err := bs.Disk.Do(ctx, func(u stream.Unit) (err error) {
			if b, err = bs.current(u, who, version); err != nil {
				return err
			}
			return bs.put(u, who.Account, &b, batch)
		})
		if err != nil {
			return Backup{}, err
		}
	}
	return b, nil
}

// current finds the current version, which must be the one named.
func (bs *Backups) current(v stream.View, who account.Session, version string) (Backup, error) {
	b, ok, err := bs.Disk.NewestBackup(v, who.Account)
	if err != nil {
		return Backup{}, err
	}
	if !ok {
		return Backup{}, unknownVersion()
	}
	if now := strconv.FormatInt(b.Version, 10); now != version {
		f := fault.WrongKeysVersion.New("This key backup is out of date. The current one is %s.", now)
		f.More = map[string]any{"current_version": now}
		return Backup{}, f
	}
	return b, nil
}

// put stores those of keys that are new or better, and what that makes of b. It refuses before it writes anything.
func (bs *Backups) put(u stream.Unit, a account.No, b *Backup, keys []BackedUp) error {
	after := *b
	var better []BackedUp
	for _, k := range keys {
		had, ok, err := bs.Disk.BackedUp(u, a, b.Version, k.Room, k.Session)
		if err != nil {
			return err
		}
		if ok && !k.betterThan(had) {
			continue
		}
		better = append(better, k)
		after.Bytes += int64(len(k.Data) - len(had.Data))
		if !ok {
			after.Keys++
		}
	}
	if len(better) == 0 {
		return nil
	}
	all, err := bs.Disk.BackupNumbers(u, a)
	if err != nil {
		return err
	}
	if after.Keys > b.Keys && all.Keys+after.Keys-b.Keys > maxKeys || after.Bytes > b.Bytes && all.Bytes+after.Bytes-b.Bytes > maxKeysBytes {
		return fault.OverQuota.New("Your key backups hold %d keys of %d MiB, and %d keys of %d MiB are the most. Delete old key backups, or make a new one.",
			all.Keys, all.Bytes>>20, maxKeys, maxKeysBytes>>20)
	}
	for _, k := range better {
		if err := bs.Disk.PutBackedUp(u, a, b.Version, k); err != nil {
			return err
		}
	}
	after.ETag++
	*b = after
	return bs.Disk.PutBackup(u, a, after)
}

// betterThan reports whether k is to take the place of old.
//
// Spec: client-server API, "Server-side key backups": how conflicting keys are settled.
func (k BackedUp) betterThan(old BackedUp) bool {
	if k.Verified != old.Verified {
		return k.Verified
	}
	if k.FirstIndex != old.FirstIndex {
		return k.FirstIndex < old.FirstIndex
	}
	return k.Forwarded < old.Forwarded
}

// checked refuses a key that cannot be one.
func (k BackedUp) checked() (BackedUp, error) {
	if _, err := mxid.ParseRoom(string(k.Room)); err != nil {
		return k, fault.InvalidParam.New("%q is not a room ID.", k.Room)
	}
	if !plainName(k.Session) {
		return k, fault.InvalidParam.New("%q is not a session ID.", k.Session)
	}
	if k.FirstIndex < 0 || k.Forwarded < 0 {
		return k, fault.InvalidParam.New("The index and the count of key %s must not be negative.", k.Session)
	}
	var err error
	k.Data, err = compactObject(k.Data, "session_data", maxSessionData)
	return k, err
}

// Key gives one key. It returns fault.NotFound where there is none, or no such version.
//
// Spec: client-server API, GET /room_keys/keys/{roomId}/{sessionId}.
func (bs *Backups) Key(ctx context.Context, who account.Session, version string, room mxid.Room, session string) (k BackedUp, err error) {
	err = bs.Disk.View(ctx, func(v stream.View) error {
		b, err := bs.existing(v, who, version)
		if err != nil {
			return err
		}
		var ok bool
		if k, ok, err = bs.Disk.BackedUp(v, who.Account, b.Version, room, session); err == nil && !ok {
			return fault.NotFound.New("This key is not in the backup.")
		}
		return err
	})
	return k, err
}

// Each calls fn with the keys of a version, those of one room where room is not empty, in the order of room and session, some
// at a time. fn may take its time: no view is open while it runs.
//
// It returns fault.NotFound where there is no such version, also when it is deleted meanwhile.
//
// Spec: client-server API, GET /room_keys/keys and GET /room_keys/keys/{roomId}.
func (bs *Backups) Each(ctx context.Context, who account.Session, version string, room mxid.Room, fn func([]BackedUp) error) error {
	at, session, only := room, "", room != ""
	for {
		var page []BackedUp
		err := bs.Disk.View(ctx, func(v stream.View) error {
			b, err := bs.existing(v, who, version)
			if err != nil {
				return err
			}
			page, err = bs.Disk.BackedUpAfter(v, who.Account, b.Version, at, session, only, backupBatch)
			return err
		})
		if err != nil {
			return err
		}
		if err := fn(page); err != nil {
			return err
		}
		if len(page) < backupBatch {
			return nil
		}
		last := page[len(page)-1]
		at, session = last.Room, last.Session
	}
}

// Drop removes keys of a version: one, those of a room where session is empty, all where room is empty too. It returns the
// version as it is then, and fault.NotFound where there is none.
//
// Spec: client-server API, DELETE /room_keys/keys, DELETE /room_keys/keys/{roomId}, DELETE /room_keys/keys/{roomId}/{sessionId}.
func (bs *Backups) Drop(ctx context.Context, who account.Session, version string, room mxid.Room, session string) (b Backup, err error) {
	for more := true; more; {
		err := bs.Disk.Do(ctx, func(u stream.Unit) (err error) {
			if b, err = bs.existing(u, who, version); err != nil {
				return err
			}
			more, err = bs.drop(u, who.Account, &b, room, session)
			return err
		})
		if err != nil {
			return Backup{}, err
		}
	}
	return b, nil
}

// drop removes some keys and reports whether there may be more of them.
func (bs *Backups) drop(u stream.Unit, a account.No, b *Backup, room mxid.Room, session string) (more bool, err error) {
	var keys []BackedUp
	if session == "" {
		keys, err = bs.Disk.BackedUpAfter(u, a, b.Version, room, "", room != "", backupBatch)
	} else {
		var k BackedUp
		var ok bool
		if k, ok, err = bs.Disk.BackedUp(u, a, b.Version, room, session); ok {
			keys = append(keys, k)
		}
	}
	if err != nil || len(keys) == 0 {
		return false, err
	}
	for _, k := range keys {
		if err := bs.Disk.DropBackedUp(u, a, b.Version, k.Room, k.Session); err != nil {
			return false, err
		}
	}
	b.Keys -= int64(len(keys))
	for _, k := range keys {
		b.Bytes -= int64(len(k.Data))
	}
	b.ETag++
	return len(keys) == backupBatch, bs.Disk.PutBackup(u, a, *b)
}
