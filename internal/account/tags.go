package account

import (
	"context"
	"encoding/json"
	"maps"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// tagsType is the account data of a room that holds its tags.
const tagsType = "m.tag"

// Tags are what somebody has marked a room with for their own clients, each with what belongs to it: its order among the rooms
// of that tag.
type Tags map[string]json.RawMessage

// Tags gives s's own tags of the room, none where there are none.
//
// Spec: client-server API, GET /user/{userId}/rooms/{roomId}/tags.
func (a *Accounts) Tags(ctx context.Context, s Session, room mxid.Room) (t Tags, err error) {
	err = a.Disk.View(ctx, func(v stream.View) (err error) {
		t, err = a.tags(v, s, room)
		return err
	})
	return t, err
}

func (a *Accounts) tags(v stream.View, s Session, room mxid.Room) (Tags, error) {
	content, _, err := a.Disk.Datum(v, s.Account, room, tagsType)
	if err != nil {
		return nil, err
	}
	kept := struct {
		Tags Tags `json:"tags"`
	}{}
	if json.Unmarshal(content, &kept) != nil || kept.Tags == nil { // a client wrote something else there
		kept.Tags = Tags{}
	}
	return kept.Tags, nil
}

// Tag marks the room with a tag, or says something else about a tag that it has. All devices of s learn it, as account data of type
// m.tag. It returns fault.InvalidParam for a tag without a name or with one of more than 255 bytes, fault.BadJSON where about is no
// object or its order no number from 0 to 1, fault.TooLarge where a room's tags get larger than a piece of account data, and
// fault.NotFound where there is no such room, and what SetData returns for an account that keeps too much.
//
// Spec: client-server API, PUT /user/{userId}/rooms/{roomId}/tags/{tag}.
func (a *Accounts) Tag(ctx context.Context, s Session, room mxid.Room, tag string, about json.RawMessage) error {
	if tag == "" || len(tag) > mxid.MaxLen {
		return fault.InvalidParam.New("The name of a tag has 1 to %d bytes.", mxid.MaxLen)
	}
	var says map[string]json.RawMessage
	if json.Unmarshal(about, &says) != nil || says == nil {
		return fault.BadJSON.New("What is said about a tag must be a JSON object.")
	}
	if order := says["order"]; order != nil {
		var place *float64
		if json.Unmarshal(order, &place) != nil || place == nil || *place < 0 || *place > 1 {
			return fault.BadJSON.New("The order of a tag is a number from 0 to 1.")
		}
	}
	return a.retag(ctx, s, room, func(t Tags) { t[tag] = about })
}

// Untag takes a tag from the room. One that it does not have is no error.
//
// Spec: client-server API, DELETE /user/{userId}/rooms/{roomId}/tags/{tag}.
func (a *Accounts) Untag(ctx context.Context, s Session, room mxid.Room, tag string) error {
	return a.retag(ctx, s, room, func(t Tags) { delete(t, tag) })
}

// retag changes the tags of the room in one unit, so that two of s's devices do not lose each other's.
func (a *Accounts) retag(ctx context.Context, s Session, room mxid.Room, change func(Tags)) error {
	return a.Disk.Do(ctx, func(u stream.Unit) error {
		was, err := a.tags(u, s, room)
		if err != nil {
			return err
		}
		now := maps.Clone(was)
		change(now)
		if len(now) == 0 && len(was) == 0 {
			return nil
		}
		content, err := json.Marshal(map[string]Tags{"tags": now})
		if err != nil {
			return err
		}
		if len(content) > maxDatum {
			return fault.TooLarge.New("All tags of a room may have at most %d bytes.", maxDatum)
		}
		return a.setDatum(u, s, Datum{Room: room, Type: tagsType, Content: content})
	})
}
