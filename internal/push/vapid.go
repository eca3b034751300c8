package push

import (
	"context"
	"fmt"
	"strings"

	webpush "github.com/SherClockHolmes/webpush-go"

	"wardroom/internal/stream"
)

// vapidName is where the key by which browsers' push services know this server is kept.
const vapidName = "vapid"

// vapid is that key.
//
// Spec: RFC 8292.
type vapid struct{ private, public string }

// prepare reads the key, and makes it where there is none.
func (k *vapid) prepare(ctx context.Context, disk Disk) error {
	err := disk.Do(ctx, func(u stream.Unit) error {
		kept, ok, err := disk.Meta(u, vapidName)
		if err != nil {
			return err
		}
		if !ok {
			private, public, err := webpush.GenerateVAPIDKeys()
			if err != nil {
				return err
			}
			kept = private + " " + public
			if err := disk.SetMeta(u, vapidName, kept); err != nil {
				return err
			}
		}
		if k.private, k.public, ok = strings.Cut(kept, " "); !ok {
			return fmt.Errorf("it is kept in a form that is not known")
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("preparing the key for browsers' push services: %w", err)
	}
	return nil
}

// Vapid gives the public key that browsers must be told to subscribe with; "" where nothing is sent to their push services.
func (p *Pushers) Vapid() string {
	if !p.Hosts.Web() {
		return ""
	}
	return p.vapid.public
}
