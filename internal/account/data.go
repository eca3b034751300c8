package account

import (
	"context"
	"encoding/json"
	"strings"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// Datum is one piece of account data: what a person's clients keep for each other.
type Datum struct {
	Room    mxid.Room // empty for data of the whole account
	Type    string
	Content json.RawMessage
}

// DataDisk keeps account data and filters.
type DataDisk interface {
	// Datum gives one piece of a; ok is false where there is none.
	Datum(v stream.View, a No, room mxid.Room, typ string) (content json.RawMessage, ok bool, err error)
	// SetDatum writes d at pos, in place of the piece of the same room and type. ok is false where d.Room does not exist.
	SetDatum(u stream.Unit, a No, d Datum, pos stream.Position) (ok bool, err error)
	// AddFilter keeps the filter and gives its number; the same filter again gives the same number.
	AddFilter(u stream.Unit, a No, filter json.RawMessage) (int64, error)
	// Filter gives the filter with that number; ok is false where there is none.
	Filter(v stream.View, a No, no int64) (filter json.RawMessage, ok bool, err error)
}

// serverKept are the types that have an address of their own; clients may not write them as plain data.
//
// Spec: client-server API, PUT /user/{userId}/account_data/{type}.
var serverKept = map[string]string{
	"m.fully_read": "/rooms/{roomId}/read_markers",
	"m.push_rules": "/pushrules",
}

// maxDatum is how many bytes one piece of account data may have.
const maxDatum = 64 << 10

// Data gives one piece of s's own account data. It returns fault.NotFound where there is none.
//
// Spec: client-server API, GET /user/{userId}/account_data/{type} and /user/{userId}/rooms/{roomId}/account_data/{type}.
func (a *Accounts) Data(ctx context.Context, s Session, room mxid.Room, typ string) (content json.RawMessage, err error) {
	var ok bool
	err = a.Disk.View(ctx, func(v stream.View) (err error) {
		content, ok, err = a.Disk.Datum(v, s.Account, room, typ)
		return err
	})
	if err == nil && !ok {
		err = fault.NotFound.New("There is no account data of type %s.", typ)
	}
	return content, err
}

// SetData keeps content, a JSON object, as s's own data; all devices of s learn it. It returns fault.WrongMethod for types
// with an address of their own, fault.BadJSON for anything but an object and fault.TooLarge above 64 KiB.
//
// Spec: client-server API, PUT /user/{userId}/account_data/{type} and /user/{userId}/rooms/{roomId}/account_data/{type}.
func (a *Accounts) SetData(ctx context.Context, s Session, d Datum) error {
	if where := serverKept[d.Type]; where != "" {
		return fault.WrongMethod.New("Account data of type %s is changed at %s.", d.Type, where)
	}
	if len(d.Type) > mxid.MaxLen {
		return fault.InvalidParam.New("The type may have at most %d bytes.", mxid.MaxLen)
	}
	if !strings.HasPrefix(strings.TrimLeft(string(d.Content), " \t\r\n"), "{") || !json.Valid(d.Content) {
		return fault.BadJSON.New("Account data must be a JSON object.")
	}
	if len(d.Content) > maxDatum {
		return fault.TooLarge.New("One piece of account data may have at most %d bytes.", maxDatum)
	}
	return a.Disk.Do(ctx, func(u stream.Unit) error {
		ok, err := a.Disk.SetDatum(u, s.Account, d, u.Next(stream.Topic(s.User)))
		if err == nil && !ok {
			err = fault.NotFound.New("There is no room %s.", d.Room)
		}
		return err
	})
}

// AddFilter keeps a filter definition for s's clients and gives its ID.
//
// Spec: client-server API, POST /user/{userId}/filter.
func (a *Accounts) AddFilter(ctx context.Context, s Session, filter json.RawMessage) (no int64, err error) {
	if len(filter) > maxDatum {
		return 0, fault.TooLarge.New("A filter may have at most %d bytes.", maxDatum)
	}
	err = a.Disk.Do(ctx, func(u stream.Unit) (err error) {
		no, err = a.Disk.AddFilter(u, s.Account, filter)
		return err
	})
	return no, err
}

// Filter gives a filter of s's. It returns fault.NotFound for an unknown number.
//
// Spec: client-server API, GET /user/{userId}/filter/{filterId}.
func (a *Accounts) Filter(ctx context.Context, s Session, no int64) (filter json.RawMessage, err error) {
	var ok bool
	err = a.Disk.View(ctx, func(v stream.View) (err error) {
		filter, ok, err = a.Disk.Filter(v, s.Account, no)
		return err
	})
	if err == nil && !ok {
		err = fault.NotFound.New("There is no filter %d.", no)
	}
	return filter, err
}
