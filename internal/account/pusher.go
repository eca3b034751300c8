package account

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"wardroom/internal/fault"
	"wardroom/internal/stream"
)

// Pusher is where a person's device wants to be told that something is new.
//
// Spec: client-server API, POST /pushers/set.
type Pusher struct {
	AppID   string `json:"app_id"`
	Pushkey string `json:"pushkey"`
	Kind    string `json:"kind"`
	AppName string `json:"app_display_name"`
	Device  string `json:"device_display_name"`
	Profile string `json:"profile_tag,omitempty"`
	Lang    string `json:"lang"`
	Data    struct {
		URL    string `json:"url,omitempty"`
		Format string `json:"format,omitempty"`
	} `json:"data"`
}

// PusherDisk keeps pushers.
type PusherDisk interface {
	// Pushers gives a's pushers as they were set.
	Pushers(v stream.View, a No) ([]json.RawMessage, error)
	// SetPusher keeps the pusher with this key, for as long as the device is signed in.
	SetPusher(u stream.Unit, s Session, appID, pushkey string, pusher json.RawMessage) error
	// DropPusher removes a's pusher with this key; one that is not there is no error.
	DropPusher(u stream.Unit, a No, appID, pushkey string) error
}

// maxPushers is how many pushers one person may have.
const maxPushers = 50

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

// SetPusher adds or replaces a pusher, or removes it when its kind is empty. It returns fault.InvalidParam for what can not
// be a pusher: only "http" is known, and it needs an https URL.
//
// Spec: client-server API, POST /pushers/set.
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
	case p.Kind != "http":
		return fault.InvalidParam.New("This server knows pushers of kind \"http\" only.")
	case len(p.Data.URL) > 1024 || !validPushURL(p.Data.URL):
		return fault.InvalidParam.New("data.url must be an https URL that ends in /_matrix/push/v1/notify.")
	}
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return a.Disk.Do(ctx, func(u stream.Unit) error {
		have, err := a.Disk.Pushers(u, s.Account)
		if err != nil {
			return err
		}
		if len(have) >= maxPushers {
			return fault.InvalidParam.New("You have %d pushers already. Remove one first.", maxPushers)
		}
		return a.Disk.SetPusher(u, s, p.AppID, p.Pushkey, data)
	})
}

func validPushURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.Path == "/_matrix/push/v1/notify"
}
