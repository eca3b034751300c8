package push

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"

	"wardroom/internal/account"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/stream"
)

// target is where something is sent.
type target struct {
	account.Pusher
	url  string
	host string
}

var errNowhere = errors.New("nothing is sent there")

// MayPush reports whether something may be sent to a URL.
func (p *Pushers) MayPush(to *url.URL) bool {
	port := 443
	if text := to.Port(); text != "" {
		port, _ = strconv.Atoi(text)
	}
	ok, _ := p.Hosts.Allow(to.Hostname(), port)
	return ok && to.Scheme == "https"
}

// target reads a pusher. It returns an error for one that nothing may be sent to: the configuration may be another one since it was set.
func (p *Pushers) target(k *Kept) (t target, err error) {
	if err := json.Unmarshal(k.JSON, &t.Pusher); err != nil {
		return t, err
	}
	t.url = t.Text("url")
	to, err := url.Parse(t.url)
	if err != nil || !p.MayPush(to) {
		return t, errNowhere
	}
	t.host = to.Host
	return t, nil
}

// note is the notification that is sent. Of the event it says which one it is.
//
// Spec: push gateway API, POST /_matrix/push/v1/notify, in the format "event_id_only".
type note struct {
	Event   mxid.Event       `json:"event_id,omitempty"`
	Room    mxid.Room        `json:"room_id,omitempty"`
	Prio    string           `json:"prio"`
	Counts  map[string]int   `json:"counts"`
	Devices []map[string]any `json:"devices,omitempty"`
}

// attempt tells a pusher what is due to it, one after another, and removes what it was told of.
func (p *Pushers) attempt(ctx context.Context, key Key, due []stream.Position) outcome {
	done := outcome{Key: key}
	var t target
	var notes []note
	var at []stream.Position
	there := false
	err := p.Disk.View(ctx, func(v stream.View) (err error) {
		k, ok, err := p.Disk.Kept(v, key)
		if err != nil || !ok {
			return err
		}
		if t, err = p.target(&k); err != nil {
			return nil // what is due is not sent
		}
		there = true
		if notes, at, err = p.notes(v, &k, due); err == nil && len(notes) > notesAtOnce {
			notes, at = notes[:notesAtOnce], at[:notesAtOnce]
			due = slices.DeleteFunc(slices.Clone(due), func(pos stream.Position) bool { return pos > at[notesAtOnce-1] })
		}
		return err
	})
	if err != nil {
		done.err = err
		return done
	}
	gone := false
	for i, n := range notes {
		if !there {
			break
		}
		if gone, done.after, err = p.send(ctx, &t, n); gone || err != nil {
			break
		}
		done.upto = at[i]
	}
	done.err = err
	if err == nil {
		done.upto = due[len(due)-1]
	}
	if done.upto > 0 || gone {
		err := p.Disk.Do(context.WithoutCancel(ctx), func(u stream.Unit) error {
			if gone {
				return p.Disk.DropPusher(u, key.Account, key.AppID, key.Pushkey)
			}
			return p.Disk.DropDue(u, key, done.upto)
		})
		if err != nil {
			done.err, done.upto = err, 0 // it is told once more, rather than not at all
		}
	}
	return done
}

// notes makes the notifications for what is due: for each event that is still unread, or where there is none, for the number alone, if
// anything is due but events. at is where each of them stands in the stream.
func (p *Pushers) notes(v stream.View, k *Kept, due []stream.Position) (notes []note, at []stream.Position, err error) {
	waiting, err := p.Ears.Waiting(v, account.Session{User: k.User, Account: k.Account})
	if err != nil {
		return nil, nil, err
	}
	unread := 0
	for _, n := range waiting {
		unread += n
	}
	less := false
	for _, pos := range due {
		h, news, err := p.news(v, k, pos, waiting)
		if err != nil {
			return nil, nil, err
		}
		if !news {
			less = true
			continue
		}
		n := note{Event: h.ID, Room: h.In, Prio: "high", Counts: map[string]int{}}
		if unread > 0 { // an invitation may be the only news
			n.Counts["unread"] = unread
		}
		notes, at = append(notes, n), append(at, pos)
	}
	if len(notes) == 0 && less {
		// The specification wants numbers that are 0 left out; then nothing would be said.
		return []note{{Prio: "low", Counts: map[string]int{"unread": unread}}}, due[len(due)-1:], nil
	}
	return notes, at, nil
}

// news gives the event that is due at pos, and whether k's person is still to be told of it: it was not read or taken back meanwhile, and
// the invitation that it may be was neither withdrawn nor answered. Where no event is due there is none.
func (p *Pushers) news(v stream.View, k *Kept, pos stream.Position, waiting map[room.No]int) (h Happened, is bool, err error) {
	h, ok, err := p.Disk.EventAt(v, pos)
	switch {
	case err != nil || !ok || h.RedactedBy != 0 || old(&h.Event):
		return h, false, err
	case h.Counts:
		return h, waiting[h.Room] > 0, nil
	}
	is, err = p.Disk.Stands(v, h.Room, k.User, pos)
	return h, is, err
}

// send sends one notification. gone is set where the push service says that it does not know the pusher any more.
func (p *Pushers) send(ctx context.Context, t *target, n note) (gone bool, after time.Duration, err error) {
	if t.Kind == account.PushWeb {
		return p.sendWeb(ctx, t, n)
	}
	n.Devices = []map[string]any{{"app_id": t.AppID, "pushkey": t.Pushkey, "data": t.forwarded()}}
	body, err := json.Marshal(map[string]note{"notification": n})
	if err != nil {
		return false, 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, bytes.NewReader(body))
	if err != nil {
		return false, 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Wardroom")
	status, answer, after, err := p.ask(req)
	switch {
	case err != nil:
		return false, after, err
	case status == http.StatusOK:
		var is struct {
			Rejected []string `json:"rejected"`
		}
		_ = json.Unmarshal(answer, &is) // it was taken, whatever it says
		for _, key := range is.Rejected {
			gone = gone || key == t.Pushkey
		}
		return gone, 0, nil
	case status == http.StatusTooManyRequests || status >= 500 || status < 400:
		return false, after, fmt.Errorf("%w: %d", errRetry, status)
	}
	return false, 0, nil // it will never take this one
}

// forwarded is what the client has for the push gateway.
func (t *target) forwarded() map[string]json.RawMessage {
	data := map[string]json.RawMessage{}
	for name, value := range t.Data {
		if name != "url" {
			data[name] = value
		}
	}
	return data
}

// sendWeb sends one notification to a browser, encrypted to it. All have the same size.
//
// Spec: RFC 8030, RFC 8291, RFC 8292; MSC4174.
func (p *Pushers) sendWeb(ctx context.Context, t *target, n note) (gone bool, after time.Duration, err error) {
	if n.Event == "" {
		return false, 0, nil // a browser shows something for whatever it gets
	}
	body, err := json.Marshal(n)
	if err != nil {
		return false, 0, err
	}
	var status int
	resp, err := webpush.SendNotificationWithContext(ctx, body, &webpush.Subscription{
		Endpoint: t.url, Keys: webpush.Keys{Auth: t.Text("auth"), P256dh: t.Pushkey},
	}, &webpush.Options{
		HTTPClient: client(func(req *http.Request) (*http.Response, error) {
			status, _, after, err = p.ask(req)
			return &http.Response{Body: http.NoBody}, err
		}),
		Subscriber: p.Contact, TTL: int(stale / time.Second), Urgency: webpush.UrgencyHigh,
		VAPIDPublicKey: p.vapid.public, VAPIDPrivateKey: p.vapid.private,
	})
	switch {
	case status == 0 && resp == nil && ctx.Err() == nil && !errors.Is(err, errRetry):
		return true, 0, nil // with these keys nothing can ever be encrypted
	case err != nil:
		return false, after, err
	case status == http.StatusNotFound || status == http.StatusGone || status == http.StatusForbidden:
		return true, 0, nil
	case status == http.StatusTooManyRequests || status >= 500 || status < 200 || status >= 300 && status < 400:
		return false, after, fmt.Errorf("%w: %d", errRetry, status)
	}
	return false, 0, nil
}

// client is how the library sends its requests.
type client func(*http.Request) (*http.Response, error)

// Do implements webpush.HTTPClient.
func (c client) Do(req *http.Request) (*http.Response, error) { return c(req) }

// ask sends a request. after is how long the push service asks to be left alone.
func (p *Pushers) ask(req *http.Request) (status int, answer []byte, after time.Duration, err error) {
	resp, err := p.Client.Do(req)
	if err != nil {
		return 0, nil, 0, fmt.Errorf("%w: it can not be reached", errRetry) // the cause names it
	}
	defer resp.Body.Close()
	if answer, err = io.ReadAll(io.LimitReader(resp.Body, answerBytes)); err != nil {
		return 0, nil, 0, fmt.Errorf("%w: its answer breaks off", errRetry)
	}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		after = min(longest, time.Duration(seconds)*time.Second)
	}
	return resp.StatusCode, answer, after, nil
}
