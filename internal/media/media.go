// Package media is the files that people upload: pictures, documents, recordings, and avatars. Nearly all of them are
// ciphertext, made in the sender's browser; the server knows their size, their day and who uploaded them.
//
// A file belongs to whoever is signed in: every account of this server may fetch it who knows its id. The id has 130 random
// bits and travels inside encrypted messages, and what is fetched is ciphertext without the key that travels beside it.
package media

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"wardroom/internal/account"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// File is what is known of one file beside its bytes.
type File struct {
	ID         string
	Account    account.No // who uploaded it
	Type       string     // as the uploader said; "application/octet-stream" for ciphertext
	Name       string     // as the uploader said, or empty
	Label      string     // as the uploader said, or empty; see docs/decisions/labels.md
	Size       int64
	CreatedDay int64 // days since 1970-01-01 UTC
	Complete   bool  // its bytes have come
}

// Disk is what files keep beside their bytes.
type Disk interface {
	stream.Disk
	// AddFile keeps a new file.
	AddFile(u stream.Unit, f File) error
	// FillFile keeps type, name, label, size and day of the file f.ID and makes it complete.
	FillFile(u stream.Unit, f File) error
	// File gives the file called id; ok is false where there is none.
	File(v stream.View, id string) (f File, ok bool, err error)
	// Uploaded is how many bytes who uploaded on day, and how many files who has announced and not uploaded yet.
	Uploaded(v stream.View, who account.No, day int64) (bytes, announced int64, err error)
	// DropAnnounced forgets the files that were announced before day and not uploaded.
	DropAnnounced(u stream.Unit, day int64) error
}

// Bucket keeps the bytes of files.
type Bucket interface {
	// Put keeps what r gives under name and returns how many bytes that were. When it returns nil, all of it is on disk;
	// before that, whoever opens name finds nothing. An error of r is returned as it is, and fault.Unavailable where it
	// cannot be kept now.
	Put(ctx context.Context, name string, r io.Reader) (int64, error)
	// Open opens what was put under name; the error is fs.ErrNotExist where there is nothing, and fault.Unavailable where that cannot
	// be known now.
	Open(ctx context.Context, name string) (io.ReadSeekCloser, error)
	// Remove removes what was put under name, if anything.
	Remove(ctx context.Context, name string) error
	// Walk calls each with the name of everything that was put before before, and removes what was begun before then and
	// never finished.
	Walk(ctx context.Context, before time.Time, each func(name string) error) error
}

// Path is where the bytes of the file called id lie in a folder of files, with slashes: in a folder of its first two
// characters, so that no folder grows too large. It returns an error for what cannot be an id.
func Path(id string) (string, error) {
	if len(id) < 8 || len(id) > 128 {
		return "", errID
	}
	for _, c := range []byte(id) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return "", errID
		}
	}
	return id[:2] + "/" + id, nil
}

var errID = errors.New("not the id of a file")

const (
	perDay       = 20             // a person may upload so many times the largest file in a day
	maxAnnounced = 100            // files that one person has announced and not uploaded yet
	announcedFor = 24 * time.Hour // how long an announced file may be uploaded
	maxText      = 255            // bytes of a name, a type, a label
	anyType      = "application/octet-stream"
)

// Files answers for all files.
type Files struct {
	Disk   Disk
	Bucket Bucket
	Server mxid.Server // whose files these are
	Hub    *stream.Hub // wakes who waits for an announced file
	Limit  int64       // bytes of the largest file

	shrinking chan struct{} // holds one element for each thumbnail that is being made

	mu      sync.Mutex      // guards filling
	filling map[string]bool // announced files whose bytes are coming right now

	swept time.Time // when Prune last looked for bytes without a file; Prune's own
}

// New returns the files of server, whose bytes are in bucket. No file may be larger than limit bytes.
func New(disk Disk, bucket Bucket, hub *stream.Hub, server mxid.Server, limit int64) *Files {
	return &Files{Disk: disk, Bucket: bucket, Server: server, Hub: hub, Limit: limit,
		shrinking: make(chan struct{}, thumbnailsAtOnce), filling: map[string]bool{}}
}

// Upload is a file that is on its way in.
type Upload struct {
	Type, Name, Label string
	Size              int64 // as announced by the client; -1 if it did not say
	Body              io.Reader

	// Alive, if set, is asked when the bytes are there; with an error nothing is kept.
	Alive func(stream.View) error
}

// URI is the address that messages carry.
func (f *Files) URI(id string) string { return "mxc://" + string(f.Server) + "/" + id }

// Add takes in a file and returns its address. When it returns nil, the file is on disk. It returns fault.TooLarge for
// more than Limit bytes, fault.Forbidden when who has uploaded too much today and fault.Unavailable where the disk has no room.
//
// Spec: client-server API, POST /_matrix/media/v3/upload.
func (f *Files) Add(ctx context.Context, who account.Session, up Upload) (uri string, err error) {
	file, err := f.describe(who, up)
	if err != nil {
		return "", err
	}
	file.ID = rand.Text()
	if err := f.take(ctx, &file, up, f.Disk.AddFile); err != nil {
		return "", err
	}
	return f.URI(file.ID), nil
}

// Announce makes an address for a file that who will upload before until. It returns fault.LimitExceeded when who has
// announced too many others.
//
// Spec: client-server API, POST /_matrix/media/v1/create.
func (f *Files) Announce(ctx context.Context, who account.Session) (uri string, until time.Time, err error) {
	file := File{ID: rand.Text(), Account: who.Account, Type: anyType}
	err = f.Disk.Do(ctx, func(u stream.Unit) error {
		file.CreatedDay = day(u.Now())
		until = u.Now().Add(announcedFor)
		_, announced, err := f.Disk.Uploaded(u, who.Account, file.CreatedDay)
		if err != nil {
			return err
		}
		if announced >= maxAnnounced {
			limit := fault.LimitExceeded.New("You have announced %d files and not uploaded them yet. Upload those first.", announced)
			limit.RetryAfter = time.Minute
			return limit
		}
		return f.Disk.AddFile(u, file)
	})
	if err != nil {
		return "", until, fmt.Errorf("announcing a file of %s: %w", who.User, err)
	}
	return f.URI(file.ID), until, nil
}

// Fill takes in the file that was announced under server and id, and wakes who waits for it. It returns fault.NotFound if
// it was not announced or is too late, fault.Forbidden if somebody else announced it, fault.CannotOverwrite if it is
// there already, and what Add returns.
//
// Spec: client-server API, PUT /_matrix/media/v3/upload/{serverName}/{mediaId}.
func (f *Files) Fill(ctx context.Context, who account.Session, server, id string, up Upload) error {
	if server != string(f.Server) {
		return errUnknown()
	}
	var have File
	var ok bool
	err := f.Disk.View(ctx, func(v stream.View) (err error) { have, ok, err = f.Disk.File(v, id); return err })
	switch {
	case err != nil:
		return fmt.Errorf("looking for the file %s: %w", id, err)
	case !ok:
		return errUnknown()
	case have.Account != who.Account:
		return fault.Forbidden.New("Somebody else announced this file.")
	case have.Complete || !f.begin(id):
		return fault.CannotOverwrite.New("This file is uploaded already. A changed file is a new upload.")
	}
	defer f.end(id)
	file, err := f.describe(who, up)
	if err != nil {
		return err
	}
	file.ID = id
	err = f.take(ctx, &file, up, func(u stream.Unit, file File) error {
		if _, ok, err := f.Disk.File(u, id); err != nil {
			return err
		} else if !ok {
			return errUnknown() // it was announced too long ago
		}
		return f.Disk.FillFile(u, file)
	})
	if err == nil {
		f.Hub.Wake(topic(id))
	}
	return err
}

func (f *Files) begin(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.filling[id] {
		return false
	}
	f.filling[id] = true
	return true
}

func (f *Files) end(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.filling, id)
}

// describe checks what the uploader says of the file.
func (f *Files) describe(who account.Session, up Upload) (File, error) {
	file := File{Account: who.Account, Type: anyType, Name: up.Name, Label: up.Label, Complete: true}
	if kind, params, err := mime.ParseMediaType(up.Type); err == nil {
		if text := mime.FormatMediaType(kind, params); text != "" && len(text) <= maxText {
			file.Type = text
		}
	}
	for what, text := range map[string]string{"name": up.Name, "label": up.Label} {
		if len(text) > maxText || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
			return file, fault.InvalidParam.New("The file's %s must be text of at most %d bytes.", what, maxText)
		}
	}
	if up.Size > f.Limit {
		return file, f.errTooLarge()
	}
	return file, nil
}

// take puts the bytes into the bucket and then keeps the file with keep, if the uploader's day allows it.
func (f *Files) take(ctx context.Context, file *File, up Upload, keep func(stream.Unit, File) error) error {
	allowed := func(v stream.View, size int64, on time.Time) error {
		before, _, err := f.Disk.Uploaded(v, file.Account, day(on))
		if err == nil && before+size > perDay*f.Limit {
			err = fault.Forbidden.New("You have uploaded %d MiB today, and %d MiB is the most for one day. Try again tomorrow.", before>>20, perDay*f.Limit>>20)
		}
		return err
	}
	// Asked before, so that nobody waits for an upload that cannot succeed; and again when it is there.
	if err := f.Disk.View(ctx, func(v stream.View) error { return allowed(v, max(up.Size, 0), time.Now()) }); err != nil {
		return err
	}
	body := &limited{r: up.Body, left: f.Limit}
	size, err := f.Bucket.Put(ctx, file.ID, body)
	switch {
	case body.over:
		return f.errTooLarge()
	case body.err != nil:
		return fault.InvalidParam.Wrap(body.err, "The upload ended before the file was complete.")
	case err != nil: // with a broken disk it may be there and nobody can say so
		return fmt.Errorf("keeping the bytes of a file: %w", errors.Join(err, f.Bucket.Remove(ctx, file.ID)))
	}
	err = f.Disk.Do(ctx, func(u stream.Unit) error {
		if up.Alive != nil {
			if err := up.Alive(u); err != nil {
				return err
			}
		}
		if err := allowed(u, size, u.Now()); err != nil {
			return err
		}
		file.Size, file.CreatedDay = size, day(u.Now())
		return keep(u, *file)
	})
	if err != nil {
		// ctx may have ended after the unit was handed over: then the file may be there after all, and Prune looks later.
		if ctx.Err() == nil {
			err = errors.Join(err, f.Bucket.Remove(ctx, file.ID))
		}
		return fmt.Errorf("keeping a file: %w", err)
	}
	return nil
}

// limited reads at most left bytes and remembers why it ended.
type limited struct {
	r    io.Reader
	left int64
	over bool
	err  error // what r ended with, if that was not its end
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	l.left -= int64(n)
	if l.left < 0 {
		l.over = true
		return 0, errOver
	}
	if err != nil && err != io.EOF {
		l.err = err
	}
	return n, err
}

var errOver = errors.New("too large")

func (f *Files) errTooLarge() error {
	return fault.TooLarge.New("The file is larger than %d MiB, which is the most here.", f.Limit>>20)
}

func errUnknown() error { return fault.NotFound.New("There is no such file here.") }

// topic is what waits for an announced file listen to.
func topic(id string) stream.Topic { return stream.Topic("mxc:" + id) }

// Reader is who wants a file, and for how long they wait for one that is announced.
type Reader struct {
	Who   mxid.User
	Wait  time.Duration
	Alive func(stream.View) error // whether they are still signed in; its error ends the wait
}

// Open opens the file under server and id, and waits for it if it is announced. It returns fault.NotFound if there is no such
// file and fault.NotYetUploaded if it has not come in time, and the error of by.Alive as soon as there is one.
//
// Spec: client-server API, GET /_matrix/client/v1/media/download/{serverName}/{mediaId}.
func (f *Files) Open(ctx context.Context, server, id string, by Reader) (File, io.ReadSeekCloser, error) {
	if server != string(f.Server) {
		return File{}, nil, errUnknown()
	}
	w := f.Hub.Subscribe(topic(id), stream.Topic(by.Who)) // signing out wakes the person
	defer w.Close()
	late := time.NewTimer(by.Wait)
	defer late.Stop()
	for {
		var file File
		var ok bool
		err := f.Disk.View(ctx, func(v stream.View) (err error) {
			if err := by.Alive(v); err != nil {
				return err
			}
			file, ok, err = f.Disk.File(v, id)
			return err
		})
		switch {
		case err != nil:
			return file, nil, fmt.Errorf("looking for the file %s: %w", id, err)
		case !ok:
			return file, nil, errUnknown()
		case file.Complete:
			body, err := f.Bucket.Open(ctx, id)
			if errors.Is(err, fs.ErrNotExist) {
				return file, nil, fault.NotFound.Wrap(err, "This file is lost: the server has its name, but not its bytes.")
			}
			if err != nil {
				return file, nil, fmt.Errorf("opening the bytes of a file: %w", err)
			}
			return file, body, nil
		}
		select {
		case <-w.C:
		case <-late.C:
			return file, nil, fault.NotYetUploaded.New("This file is announced, but has not been uploaded yet.")
		case <-ctx.Done():
			return file, nil, ctx.Err()
		}
	}
}

// Prune forgets files that were announced and never came, and once a day removes bytes that no file has: what a server
// leaves behind that stops in the middle of an upload. It must not be called twice at once.
func (f *Files) Prune(ctx context.Context) error {
	now := time.Now()
	old := now.Add(-2 * announcedFor)
	if err := f.Disk.Do(ctx, func(u stream.Unit) error { return f.Disk.DropAnnounced(u, day(old)) }); err != nil {
		return fmt.Errorf("dropping announced files: %w", err)
	}
	if now.Sub(f.swept) < announcedFor {
		return nil
	}
	var names []string
	sweep := func() error {
		var lost []string
		err := f.Disk.View(ctx, func(v stream.View) error {
			for _, name := range names {
				if _, ok, err := f.Disk.File(v, name); err != nil {
					return err
				} else if !ok {
					lost = append(lost, name)
				}
			}
			return nil
		})
		for _, name := range lost {
			err = errors.Join(err, f.Bucket.Remove(ctx, name))
		}
		names = names[:0]
		return err
	}
	err := f.Bucket.Walk(ctx, old, func(name string) error {
		if names = append(names, name); len(names) < 500 {
			return nil
		}
		return sweep()
	})
	if err == nil {
		err = sweep()
	}
	if err != nil {
		return fmt.Errorf("looking for bytes without a file: %w", err)
	}
	f.swept = now
	return nil
}

// day is the number of days since 1970-01-01 UTC.
func day(t time.Time) int64 { return t.Unix() / 86400 }
