package account

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"

	"wardroom/internal/fault"
	"wardroom/internal/stream"
)

// Kinds of pushers.
const (
	PushHTTP = "http"    // to a push gateway
	PushWeb  = "webpush" // to a browser's push service, encrypted (MSC4174)
)

// Pusher is where a person's device wants to be told that something is new.
//
// Spec: client-server API, POST /pushers/set.
type Pusher struct {
	AppID   string                     `json:"app_id"`
	Pushkey string                     `json:"pushkey"`
	Kind    string                     `json:"kind"`
	AppName string                     `json:"app_display_name"`
	Device  string                     `json:"device_display_name"`
	Profile string                     `json:"profile_tag,omitempty"`
	Lang    string                     `json:"lang"`
	Data    map[string]json.RawMessage `json:"data"` // "url", and what else the client has for the push gateway
	Append  bool                       `json:"append,omitempty"`
}

// Text is a field of p.Data; "" where it is no text.
func (p *Pusher) Text(field string) (text string) {
	_ = json.Unmarshal(p.Data[field], &text)
	return text
}

// PusherDisk keeps pushers.
type PusherDisk interface {
	// Pushers gives a's pushers as they were set.
	Pushers(v stream.View, a No) ([]json.RawMessage, error)
	// SetPusher keeps the pusher with this key, for as long as the device is signed in.
	SetPusher(u stream.Unit, s Session, appID, pushkey string, pusher json.RawMessage) error
	// DropPusher removes a's pusher with this key, and what is due to it; one that is not there is no error.
	DropPusher(u stream.Unit, a No, appID, pushkey string) error
	// DropOtherPushers removes the pushers with this key of everybody but a.
	DropOtherPushers(u stream.Unit, a No, appID, pushkey string) error
}

const (
	maxPushers    = 50      // of one person
	maxPusherData = 8 << 10 // bytes of one, as it is kept
)

// Pushers gives s's pushers.
//
// Spec: client-server API, GET /pushers.
func (a *Accounts) Pushers(ctx context.Context, s Session) (all []json.RawMessage, err error) {
	err = a.Disk.View(ctx, func(v stream.View) (err error) {
		all, err = a.Disk.Pushers(v, s.Account)
		return err
	})
	return all, err
}

// SetPusher adds or replaces a pusher, or removes it when its kind is empty. Unless p.Append, nobody else has a pusher with its key
// afterwards: the device has changed hands. It returns fault.InvalidParam for what can not be a pusher, and fault.Forbidden for
// one at a host to which this server sends nothing.
//
// Spec: client-server API, POST /pushers/set; MSC4174 for browsers, without its activation.
func (a *Accounts) SetPusher(ctx context.Context, s Session, p Pusher) error {
	switch {
	case p.AppID == "" || p.Pushkey == "":
		return fault.MissingParam.New("A pusher needs app_id and pushkey.")
	case len(p.AppID) > 64 || len(p.Pushkey) > 512:
		return fault.InvalidParam.New("app_id may have 64 bytes and pushkey 512.")
	case strings.Contains(p.AppID+p.Pushkey, "\x00"): // which not every database keeps
		return fault.InvalidParam.New("The character U+0000 is not allowed in app_id and pushkey.")
	case p.Kind == "":
		return a.Disk.Do(ctx, func(u stream.Unit) error { return a.Disk.DropPusher(u, s.Account, p.AppID, p.Pushkey) })
	}
	if err := a.checkPusher(&p); err != nil {
		return err
	}
	others := !p.Append
	p.Append = false // which is about this request
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if len(data) > maxPusherData {
		return fault.TooLarge.New("A pusher may have %d bytes.", maxPusherData)
	}
	return a.Disk.Do(ctx, func(u stream.Unit) error {
		have, err := a.Disk.Pushers(u, s.Account)
		if err != nil {
			return err
		}
		if len(have) >= maxPushers {
			return fault.InvalidParam.New("You have %d pushers already. Remove one first.", maxPushers)
		}
		if others {
			if err := a.Disk.DropOtherPushers(u, s.Account, p.AppID, p.Pushkey); err != nil {
				return err
			}
		}
		return a.Disk.SetPusher(u, s, p.AppID, p.Pushkey, data)
	})
}

// checkPusher says why p can not be a pusher here.
func (a *Accounts) checkPusher(p *Pusher) error {
	to := p.Text("url")
	at, err := url.Parse(to)
	sound := err == nil && at.Scheme == "https" && at.Host != "" && at.User == nil && at.Fragment == "" && len(to) <= 1024
	switch p.Kind {
	case PushHTTP:
		if !sound || at.Path != "/_matrix/push/v1/notify" {
			return fault.InvalidParam.New("data.url must be an https URL that ends in /_matrix/push/v1/notify.")
		}
	case PushWeb:
		key, err := base64.RawURLEncoding.DecodeString(p.Pushkey)
		secret, bad := base64.RawURLEncoding.DecodeString(p.Text("auth"))
		if !sound || err != nil || len(key) != 65 || key[0] != 4 || bad != nil || len(secret) != 16 {
			return fault.InvalidParam.New("A pusher for a browser needs its public key as pushkey, the https URL of its push service as data.url and 16 bytes as data.auth.")
		}
	default:
		return fault.InvalidParam.New("This server knows pushers of kind \"http\" and \"webpush\" only.")
	}
	if a.MayPush == nil || !a.MayPush(at) {
		return fault.Forbidden.New("This server sends no push notifications to %s. Who runs it can allow that in its configuration, under \"push\".", at.Hostname())
	}
	return nil
}
