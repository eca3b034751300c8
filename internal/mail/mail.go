// Package mail is what the server writes to people by mail: an outbox, in which a letter is put by the same unit of work as what it tells of,
// and a worker that hands letters on to an SMTP server.
//
// A letter is plain text. It holds no content, no names of rooms and no network addresses: whoever carries mail reads it.
package mail

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"log/slog"
	"time"

	"wardroom/internal/config"
	"wardroom/internal/stream"
	"wardroom/internal/turn"
)

// Person is an account's number inside the store.
type Person int64

// Address is where somebody is written to, and in which language.
type Address struct{ Mail, Language string }

// Letter is one letter in the outbox.
type Letter struct {
	ID      string
	To      Address // empty for a letter that is not sent; see Outbox.Nobody
	Kind    Kind
	Values  map[string]string
	Tries   int   // that failed
	DueMS   int64 // not before
	UntilMS int64 // then it is given up
}

// Disk keeps the outbox.
type Disk interface {
	turn.Disk
	// AddressOf finds where a person is written to; ok is false where they have given no address.
	AddressOf(v stream.View, p Person) (to Address, ok bool, err error)
	// AddLetter puts l into the outbox.
	AddLetter(u stream.Unit, l Letter) error
	// DueLetters gives letters that are due at now, those first that are due for the longest, at most limit.
	DueLetters(v stream.View, now int64, limit int) ([]Letter, error)
	// NextLetter is when the next letter is due; ok is false where there is none.
	NextLetter(v stream.View) (due int64, ok bool, err error)
	// DelayLetter notes that a letter was tried once more and when it is due again.
	DelayLetter(u stream.Unit, id string, due int64) error
	// DropLetter removes a letter.
	DropLetter(u stream.Unit, id string) error
	// DropLettersUntil removes those whose time is over at now.
	DropLettersUntil(u stream.Unit, now int64) error
}

// Outbox is where letters wait until they are sent. Its exported fields are set before anything is queued.
type Outbox struct {
	Disk         Disk
	Hub          *stream.Hub
	Log          *slog.Logger
	Conf         config.Mail // nothing is sent unless it is On
	Organisation string      // what the organisation calls itself; empty: the server's name stands in its place
	Name         string      // of the server
	At           string      // where people reach this server, without a "/" at the end: links lead there and nowhere else
	Beside       bool        // there are other servers with the same database: one of them sends
	TLS          *tls.Config // for tests; nil: what this machine trusts

	wait func(tries int) time.Duration // for tests
}

// topic is what the worker listens to: a letter was put into the outbox, here or at another server.
const topic stream.Topic = "mail"

// Queue writes to a person, where they have given an address, and does nothing where they have not. The letter is in the outbox when the unit
// is committed.
func (o *Outbox) Queue(u stream.Unit, to Person, kind Kind, values map[string]string) error {
	at, ok, err := o.Disk.AddressOf(u, to)
	if err != nil || !ok {
		return err
	}
	return o.QueueTo(u, at, kind, values)
}

// QueueTo writes to an address.
func (o *Outbox) QueueTo(u stream.Unit, to Address, kind Kind, values map[string]string) error {
	to.Language = Language(to.Language, o.Conf.Language)
	return o.add(u, Letter{To: to, Kind: kind, Values: values})
}

// Nobody puts a letter into the outbox that the worker removes and does not send: what is asked takes the same work whether there is
// anybody to be written to.
func (o *Outbox) Nobody(u stream.Unit, kind Kind, values map[string]string) error {
	return o.add(u, Letter{Kind: kind, Values: values})
}

func (o *Outbox) add(u stream.Unit, l Letter) error {
	l.ID, l.DueMS, l.UntilMS = rand.Text(), u.Now().UnixMilli(), u.Now().Add(letters[l.Kind].lasts).UnixMilli()
	if err := o.Disk.AddLetter(u, l); err != nil {
		return fmt.Errorf("putting a letter into the outbox: %w", err)
	}
	u.Next(topic)
	return nil
}

// Tidy removes letters whose time is over: there may be some where mail was switched off.
func (o *Outbox) Tidy(ctx context.Context) error {
	err := o.Disk.Do(ctx, func(u stream.Unit) error { return o.Disk.DropLettersUntil(u, u.Now().UnixMilli()) })
	if err != nil {
		return fmt.Errorf("dropping letters whose time is over: %w", err)
	}
	return nil
}
