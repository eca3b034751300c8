package account

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// The profile fields that rooms show too.
const (
	DisplayName = "displayname"
	AvatarURL   = "avatar_url"
)

const (
	maxProfile      = 64 << 10 // bytes of all fields with their names
	maxProfileField = 255      // bytes of a field's name
	maxDisplayName  = 256      // characters
	maxAvatarURL    = 1000     // bytes
)

// ProfileDisk keeps what people say about themselves.
type ProfileDisk interface {
	// Profile gives every field of the account's profile as JSON.
	Profile(v stream.View, a No) (map[string]json.RawMessage, error)
	// SetProfile writes one field.
	SetProfile(u stream.Unit, a No, field string, value json.RawMessage) error
	// DropProfile deletes one field.
	DropProfile(u stream.Unit, a No, field string) error
}

var profileField = regexp.MustCompile(`^(avatar_url|displayname|m\.tz|[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+)$`)

// Profile gives what user says about themselves. It returns fault.NotFound where there is no such account.
//
// Spec: client-server API, GET /profile/{userId}.
func (a *Accounts) Profile(ctx context.Context, user mxid.User) (fields map[string]json.RawMessage, err error) {
	err = a.Disk.View(ctx, func(v stream.View) error {
		p, ok, err := a.Disk.PersonByID(v, user)
		if err != nil {
			return err
		}
		if !ok || p.Closed {
			return fault.NotFound.New("There is nobody called %s here.", user)
		}
		if fields, err = a.Disk.Profile(v, p.No); err == nil && p.Service != "" {
			fields[ServiceField] = serviceMark(p.Service)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the profile of %s: %w", user, err)
	}
	return fields, nil
}

// SetProfile sets one field of s's own profile. When it returns nil, s's rooms show a new display name or avatar too
// (Accounts.Renamed). Where it failed on the way, setting the same again goes on with those that do not. Nobody sets somebody
// else's: that is fault.Forbidden.
//
// Spec: client-server API, PUT /profile/{userId}/{keyName}.
func (a *Accounts) SetProfile(ctx context.Context, s Session, user mxid.User, field string, value json.RawMessage) error {
	if field == DisplayName || field == AvatarURL {
		var text *string
		if json.Unmarshal(value, &text) != nil {
			return fault.BadJSON.New("The field %s takes text.", field)
		}
		if text == nil || *text == "" { // as clients have always taken a name back
			return a.DropProfile(ctx, s, user, field)
		}
		if err := checkFace(field, *text); err != nil {
			return err
		}
	}
	return a.changeProfile(ctx, s, user, field, func(u stream.Unit, fields map[string]json.RawMessage) error {
		size := len(field) + len(value)
		for name, v := range fields {
			if name != field {
				size += len(name) + len(v)
			}
		}
		if size > maxProfile {
			return fault.ProfileTooLarge.New("A profile may have %d bytes in all; this would make it %d.", maxProfile, size)
		}
		return a.Disk.SetProfile(u, s.Account, field, value)
	})
}

// checkFace refuses what cannot be a display name or an avatar.
func checkFace(field, text string) error {
	switch {
	case field == DisplayName && utf8.RuneCountInString(text) > maxDisplayName:
		return fault.InvalidParam.New("A name may have up to %d characters.", maxDisplayName)
	case field == AvatarURL && (!strings.HasPrefix(text, "mxc://") || len(text) > maxAvatarURL):
		return fault.InvalidParam.New("A picture is given as the mxc:// address that uploading it answered.")
	}
	return nil
}

// DropProfile deletes one field of s's own profile; see SetProfile.
//
// Spec: client-server API, DELETE /profile/{userId}/{keyName}.
func (a *Accounts) DropProfile(ctx context.Context, s Session, user mxid.User, field string) error {
	return a.changeProfile(ctx, s, user, field, func(u stream.Unit, _ map[string]json.RawMessage) error {
		return a.Disk.DropProfile(u, s.Account, field)
	})
}

func (a *Accounts) changeProfile(ctx context.Context, s Session, user mxid.User, field string, change func(stream.Unit, map[string]json.RawMessage) error) error {
	switch {
	case user != s.User:
		return fault.Forbidden.New("Only %s can change this profile.", user)
	case field == ServiceField:
		return fault.Forbidden.New("The server says by %s which application service an account belongs to. Nobody sets it or takes it away.", ServiceField)
	case len(field) > maxProfileField:
		return fault.KeyTooLarge.New("The name of a profile field may have up to %d bytes.", maxProfileField)
	case !profileField.MatchString(field):
		return fault.InvalidParam.New("A profile has no field %q. Fields of your own are called as in org.example.field.", field)
	}
	err := a.Disk.Do(ctx, func(u stream.Unit) error {
		before, err := a.Disk.Profile(u, s.Account)
		if err != nil {
			return err
		}
		return change(u, before)
	})
	if err == nil && a.Renamed != nil && (field == DisplayName || field == AvatarURL) {
		err = a.Renamed(context.WithoutCancel(ctx), s) // a client that goes away leaves no half of it
	}
	if err != nil {
		return fmt.Errorf("changing the profile of %s: %w", s.User, err)
	}
	return nil
}
