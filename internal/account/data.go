package account

import (
	"bytes"
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
	// DataSize says how many pieces a has, and how many bytes of content in all of them.
	DataSize(v stream.View, a No) (pieces, bytes int64, err error)
	// FilterNo finds the number of the filter; ok is false where a has none that is the same.
	FilterNo(v stream.View, a No, filter json.RawMessage) (no int64, ok bool, err error)
	// LastFilter is the highest number that a filter of a has; 0 where there is none.
	LastFilter(v stream.View, a No) (int64, error)
	// AddFilter keeps the filter under a number that no other one of a has.
	AddFilter(u stream.Unit, a No, no int64, filter json.RawMessage) error
	// Filter gives the filter with that number; ok is false where there is none.
	Filter(v stream.View, a No, no int64) (filter json.RawMessage, ok bool, err error)
}

// serverKept are the types that have an address of their own; clients may not write them as plain data.
//
// Spec: client-server API, PUT /user/{userId}/account_data/{type}.
var serverKept = map[string]string{
	"m.fully_read":  "/rooms/{roomId}/read_markers",
	"m.push_rules":  "/pushrules",
	CasesChanged:    "/org.wardroom/cases",
	WarrantsChanged: "/org.wardroom/warrants/about",
	PasswordReset:   "/account/password",
}

// CasesChanged is the type of the account data by which the server lets somebody's devices know that a case of theirs has changed, and when.
const CasesChanged = "org.wardroom.cases"

// WarrantsChanged is the type of the account data by which the server lets somebody's devices know that there is something new in what was decided about
// them, and since when.
const WarrantsChanged = "org.wardroom.warrants"

const (
	maxDatum   = 64 << 10 // bytes of one piece of account data, and of a filter
	maxData    = 10_000   // pieces that one account may have: some for each of some thousand rooms
	maxDataAll = 16 << 20 // bytes of all of them
	maxFilters = 200      // filters that one account may have; a client makes a handful
)

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
// with an address of their own, fault.NotJSON and fault.BadJSON for anything but an object, fault.TooLarge above 64 KiB, and fault.OverQuota for
// what would make more than the account may have; a piece may always be made smaller.
//
// Spec: client-server API, PUT /user/{userId}/account_data/{type} and /user/{userId}/rooms/{roomId}/account_data/{type}.
func (a *Accounts) SetData(ctx context.Context, s Session, d Datum) error {
	if where := serverKept[d.Type]; where != "" {
		return fault.WrongMethod.New("Account data of type %s is changed at %s.", d.Type, where)
	}
	if len(d.Type) > mxid.MaxLen {
		return fault.InvalidParam.New("The type may have at most %d bytes.", mxid.MaxLen)
	}
	if !json.Valid(d.Content) {
		return fault.NotJSON.New("Account data must be JSON.")
	}
	if !strings.HasPrefix(strings.TrimLeft(string(d.Content), " \t\r\n"), "{") {
		return fault.BadJSON.New("Account data must be a JSON object.")
	}
	if len(d.Content) > maxDatum {
		return fault.TooLarge.New("One piece of account data may have at most %d bytes.", maxDatum)
	}
	return a.Disk.Do(ctx, func(u stream.Unit) error { return a.setDatum(u, s, d) })
}

// setDatum writes d, where the account has room for it, and tells s's devices.
func (a *Accounts) setDatum(u stream.Unit, s Session, d Datum) error {
	if err := a.roomForDatum(u, s, d); err != nil {
		return err
	}
	ok, err := a.Disk.SetDatum(u, s.Account, d, u.Next(stream.Topic(s.User)))
	if err == nil && !ok {
		err = fault.NotFound.New("There is no room %s.", d.Room)
	}
	return err
}

// roomForDatum refuses d where the account has no room left for it.
func (a *Accounts) roomForDatum(u stream.Unit, s Session, d Datum) error {
	had, ok, err := a.Disk.Datum(u, s.Account, d.Room, d.Type)
	if err != nil || ok && len(d.Content) <= len(had) {
		return err
	}
	pieces, size, err := a.Disk.DataSize(u, s.Account)
	switch {
	case err != nil:
		return err
	case !ok && pieces >= maxData:
		return fault.OverQuota.New("Your account keeps %d pieces of data for your clients, which is the most. Change one that is there already.", pieces)
	case size+int64(len(d.Content)-len(had)) > maxDataAll:
		return fault.OverQuota.New("Your account keeps %d KiB of data for your clients, and %d KiB is the most. Make a piece smaller first.", size>>10, maxDataAll>>10)
	}
	return nil
}

// AddFilter keeps a filter definition for s's clients and gives its ID; the same filter again gives the same ID, however its
// JSON is written. It returns fault.TooLarge above 64 KiB and fault.OverQuota for one more than an account may have.
//
// Spec: client-server API, POST /user/{userId}/filter.
func (a *Accounts) AddFilter(ctx context.Context, s Session, filter json.RawMessage) (no int64, err error) {
	if filter, err = oneForm(filter); err != nil {
		return 0, err
	}
	if len(filter) > maxDatum {
		return 0, fault.TooLarge.New("A filter may have at most %d bytes.", maxDatum)
	}
	err = a.Disk.Do(ctx, func(u stream.Unit) error {
		var known bool
		var err error
		if no, known, err = a.Disk.FilterNo(u, s.Account, filter); err != nil || known {
			return err
		}
		if no, err = a.Disk.LastFilter(u, s.Account); err != nil {
			return err
		}
		if no >= maxFilters { // none is ever removed, so the highest number is how many there are
			return fault.OverQuota.New("Your account has %d filters, which is the most. Use one of them again, or write the filter into the request itself.", no)
		}
		no++
		return a.Disk.AddFilter(u, s.Account, no, filter)
	})
	return no, err
}

// oneForm writes JSON with sorted keys and without spaces, its numbers as they were.
func oneForm(text json.RawMessage) (json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil || !json.Valid(text) { // the decoder stops behind the first value
		return nil, fault.NotJSON.Wrap(err, "The filter is not valid JSON.")
	}
	return json.Marshal(v)
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
