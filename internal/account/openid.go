package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// openIDLasts is how long a token made by OpenID is valid. Signing the device out ends it, and a restart of the server too.
const openIDLasts = time.Hour

// OpenID makes a token with which s's person can show to a third party, such as a meeting's media server, who they are. It
// gives no access here, and nothing about it is kept.
//
// Spec: client-server API, POST /user/{userId}/openid/request_token.
func (a *Accounts) OpenID(s Session) (token string, lasts time.Duration) {
	text := binary.BigEndian.AppendUint64(nil, uint64(time.Now().Add(openIDLasts).Unix()))
	text = binary.BigEndian.AppendUint64(text, uint64(s.DeviceNo))
	text = append(text, s.User...)
	return base64.RawURLEncoding.EncodeToString(append(a.openIDMAC(text), text...)), openIDLasts
}

// OpenIDUser says who made token. It returns fault.UnknownToken for one that OpenID did not make or that is too old, and once the
// device that it was made for is signed out.
//
// Spec: server-server API, GET /openid/userinfo.
func (a *Accounts) OpenIDUser(ctx context.Context, token string) (mxid.User, error) {
	data, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil && len(data) > sha256.Size+16 {
		mac, text := data[:sha256.Size], data[sha256.Size:]
		if hmac.Equal(mac, a.openIDMAC(text)) && time.Now().Unix() < int64(binary.BigEndian.Uint64(text)) {
			user := mxid.User(text[16:])
			lives, err := a.hasDevice(ctx, user, func(d Device) bool { return d.DeviceNo == DeviceNo(binary.BigEndian.Uint64(text[8:])) })
			if lives || err != nil {
				return user, err
			}
		}
	}
	return "", fault.UnknownToken.New("This token is not valid, or not any more.")
}

// hasDevice reports whether the account is open and has a device that is meant.
func (a *Accounts) hasDevice(ctx context.Context, user mxid.User, meant func(Device) bool) (has bool, err error) {
	err = a.Disk.View(ctx, func(v stream.View) error {
		p, ok, err := a.Disk.PersonByID(v, user)
		if err != nil || !ok || p.Closed {
			return err
		}
		devices, err := a.Disk.OwnDevices(v, p.No)
		has = slices.ContainsFunc(devices, meant)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("looking for a device of %s: %w", user, err)
	}
	return has, nil
}

func (a *Accounts) openIDMAC(text []byte) []byte {
	mac := hmac.New(sha256.New, a.openIDKey[:])
	mac.Write(text)
	return mac.Sum(nil)
}
