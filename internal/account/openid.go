package account

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

// openIDLasts is how long a token made by OpenID is valid. A restart of the server ends it too.
const openIDLasts = time.Hour

// OpenID makes a token with which s's person can show to a third party, such as a meeting's media server, who they are. It
// gives no access here, and nothing about it is kept.
//
// Spec: client-server API, POST /user/{userId}/openid/request_token.
func (a *Accounts) OpenID(s Session) (token string, lasts time.Duration) {
	text := binary.BigEndian.AppendUint64(nil, uint64(time.Now().Add(openIDLasts).Unix()))
	text = append(text, s.User...)
	return base64.RawURLEncoding.EncodeToString(append(a.openIDMAC(text), text...)), openIDLasts
}

// OpenIDUser says who made token. It returns fault.UnknownToken for one that OpenID did not make or that is too old.
//
// Spec: server-server API, GET /openid/userinfo.
func (a *Accounts) OpenIDUser(token string) (mxid.User, error) {
	data, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil && len(data) > sha256.Size+8 {
		mac, text := data[:sha256.Size], data[sha256.Size:]
		if hmac.Equal(mac, a.openIDMAC(text)) && time.Now().Unix() < int64(binary.BigEndian.Uint64(text)) {
			return mxid.User(text[8:]), nil
		}
	}
	return "", fault.UnknownToken.New("This token is not valid, or not any more.")
}

func (a *Accounts) openIDMAC(text []byte) []byte {
	mac := hmac.New(sha256.New, a.openIDKey[:])
	mac.Write(text)
	return mac.Sum(nil)
}
