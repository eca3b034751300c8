package clientapi

import (
	"strconv"
	"time"

	"wardroom/internal/fault"
	"wardroom/internal/feed"
	"wardroom/internal/mxid"
)

// slide tells a device what is new in the rooms that it asks for. pos and timeout are query parameters to today's clients and fields of
// the body in the accepted proposal. Presence is not kept, so set_presence is not looked at.
//
// Spec: MSC4186.
func (a *API) slide(r *request) (any, error) {
	var body struct {
		Conn       string                    `json:"conn_id"`
		Txn        string                    `json:"txn_id"`
		Pos        string                    `json:"pos"`
		Timeout    int64                     `json:"timeout"`
		Lists      map[string]feed.List      `json:"lists"`
		Rooms      map[mxid.Room]feed.Config `json:"room_subscriptions"`
		Extensions feed.Extensions           `json:"extensions"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	q := r.URL.Query()
	if pos := q.Get("pos"); pos != "" {
		body.Pos = pos
	}
	if text := q.Get("timeout"); text != "" {
		ms, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			ms = -1
		}
		body.Timeout = ms
	}
	if body.Timeout < 0 || body.Timeout > 1<<31 {
		return nil, fault.InvalidParam.New("timeout is a number of milliseconds.")
	}
	req := feed.SlideRequest{Conn: body.Conn, Pos: body.Pos, Txn: body.Txn, Timeout: time.Duration(body.Timeout) * time.Millisecond,
		Lists: body.Lists, Rooms: body.Rooms, Extensions: body.Extensions, Alive: a.alive(r)}
	if err := req.Check(); err != nil {
		return nil, err
	}
	answer, err := a.Feed.Slide(r.ctx(), r.who, req)
	if err != nil {
		return nil, err
	}
	return answer, nil
}
