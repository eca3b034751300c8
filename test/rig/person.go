package rig

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// Person is somebody who has signed up, at one device.
type Person struct {
	Site   *Site
	User   string `json:"user_id"`
	Device string `json:"device_id"`
	Token  string `json:"access_token"`
}

// SignUp makes an account called name with a registration token.
func (s *Site) SignUp(ctx context.Context, invitation, name string) (*Person, error) {
	p, err := get[*Person](ctx, s, "", "POST", "/_matrix/client/v3/register", map[string]any{
		"username": name, "password": "correct horse " + name,
		"auth": map[string]string{"type": "m.login.registration_token", "token": invitation},
	})
	if err != nil {
		return nil, err
	}
	p.Site = s
	return p, nil
}

// People signs up n people called a0, a1, ….
func (s *Site) People(ctx context.Context, n int) ([]*Person, error) {
	invitation, err := s.Invite(ctx, n)
	if err != nil {
		return nil, err
	}
	all := make([]*Person, n)
	for i := range all {
		if all[i], err = s.SignUp(ctx, invitation, "a"+strconv.Itoa(i)); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Room makes a private room, of the latest version, and lets the others in.
func (p *Person) Room(ctx context.Context, name string, others ...*Person) (string, error) {
	invited := make([]string, len(others))
	for i, o := range others {
		invited[i] = o.User
	}
	made, err := get[struct {
		ID string `json:"room_id"`
	}](ctx, p.Site, p.Token, "POST", "/_matrix/client/v3/createRoom", map[string]any{"preset": "private_chat", "name": name, "invite": invited})
	if err != nil {
		return "", err
	}
	for _, o := range others {
		if _, err := o.Site.Call(ctx, o.Token, "POST", "/_matrix/client/v3/join/"+url.PathEscape(made.ID), struct{}{}); err != nil {
			return "", fmt.Errorf("%s joins %s: %w", o.User, made.ID, err)
		}
	}
	return made.ID, nil
}

// Encrypted is the content of an encrypted message with this ciphertext.
func Encrypted(ciphertext string) any {
	return map[string]string{
		"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": ciphertext, "session_id": "c2Vzc2lvbiBvZiB0aGUgcmlnIGl0c2VsZiwgbm8gc2VjcmV0",
		"device_id": "RIG", "sender_key": "a2V5IG9mIHRoZSByaWcgaXRzZWxmLCBubyBzZWNyZXQgYXQgYWxs",
	}
}

// Send sends an encrypted message and returns its event ID.
func (p *Person) Send(ctx context.Context, room, txn, ciphertext string) (string, error) {
	sent, err := get[struct {
		ID string `json:"event_id"`
	}](ctx, p.Site, p.Token, "PUT", "/_matrix/client/v3/rooms/"+url.PathEscape(room)+"/send/m.room.encrypted/"+url.PathEscape(txn), Encrypted(ciphertext))
	return sent.ID, err
}

// SendToDevice sends one message to a device of somebody.
func (p *Person) SendToDevice(ctx context.Context, to *Person, txn string, content any) error {
	_, err := p.Site.Call(ctx, p.Token, "PUT", "/_matrix/client/v3/sendToDevice/org.example.proof/"+url.PathEscape(txn),
		map[string]any{"messages": map[string]any{to.User: map[string]any{to.Device: content}}})
	return err
}

// Sync is what a sync answers, as far as the rig looks at it.
type Sync struct {
	Next  string `json:"next_batch"`
	Rooms struct {
		Join map[string]struct {
			Timeline struct {
				Events  []json.RawMessage `json:"events"`
				Limited bool              `json:"limited"`
				Prev    string            `json:"prev_batch"`
			} `json:"timeline"`
		} `json:"join"`
	} `json:"rooms"`
	ToDevice struct {
		Events []struct {
			Type    string          `json:"type"`
			Sender  string          `json:"sender"`
			Content json.RawMessage `json:"content"`
		} `json:"events"`
	} `json:"to_device"`
	OneTimeKeys map[string]int `json:"device_one_time_keys_count"`
}

// Raw is a sync filter that gives events as they are stored, up to 100 in each room.
const Raw = `{"event_format":"federation","room":{"timeline":{"limit":100}}}`

// Sync asks for what is new after since ("" for the first time) and waits for it, up to wait. filter is a filter as JSON, or "".
func (p *Person) Sync(ctx context.Context, since, filter string, wait time.Duration) (*Sync, error) {
	return get[*Sync](ctx, p.Site, p.Token, "GET", SyncPath(since, filter, wait), nil)
}

// SyncPath is the path of a sync request.
func SyncPath(since, filter string, wait time.Duration) string {
	q := url.Values{"timeout": {strconv.FormatInt(wait.Milliseconds(), 10)}}
	if since != "" {
		q.Set("since", since)
	}
	if filter != "" {
		q.Set("filter", filter)
	}
	return "/_matrix/client/v3/sync?" + q.Encode()
}

// Page is one page of a room's history.
type Page struct {
	Chunk []struct {
		ID      string `json:"event_id"`
		Type    string `json:"type"`
		Sender  string `json:"sender"`
		Content struct {
			Ciphertext string `json:"ciphertext"`
		} `json:"content"`
	} `json:"chunk"`
	End string `json:"end"`
}

// Messages gives one page of a room's history from a token ("" for the end that dir begins at), backwards ("b") or forwards ("f").
func (p *Person) Messages(ctx context.Context, room, from, dir string, limit int) (*Page, error) {
	q := url.Values{"dir": {dir}, "limit": {strconv.Itoa(limit)}}
	if from != "" {
		q.Set("from", from)
	}
	return get[*Page](ctx, p.Site, p.Token, "GET", "/_matrix/client/v3/rooms/"+url.PathEscape(room)+"/messages?"+q.Encode(), nil)
}
