package clientapi

import (
	"encoding/json"
	"strconv"
	"time"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
)

func (a *API) delayedRoutes() []route {
	const base = "/_matrix/client/unstable/org.matrix.msc4140/"
	return []route{
		{"PUT", base + "rooms/{roomId}/delayed_event/{eventType}/{txnId}", signedIn, sending, a.schedule},
		{"GET", base + "delayed_events", signedIn, reading, a.delayedEvents},
		{"GET", base + "delayed_events/{delayId}", signedIn, reading, a.delayedEvent},
		{"POST", base + "delayed_events/{delayId}", either, writing, a.manageDelayed},
		{"POST", base + "delayed_events/{delayId}/{action}", either, writing, a.manageDelayed},
	}
}

// delayID is the answer that names a delayed event.
type delayID struct {
	ID string `json:"delay_id"`
}

// delay reads by how much the event of a request is to be delayed; ok is false where it is to be sent now.
func (r *request) delay() (d time.Duration, ok bool, err error) {
	text := r.URL.Query().Get("org.matrix.msc4140.delay")
	if text == "" {
		return 0, false, nil
	}
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, false, fault.InvalidParam.New("The delay %q is no number of milliseconds.", text)
	}
	return milliseconds(ms), true, nil
}

// milliseconds is ms as a time, or about as long as a time can be.
func milliseconds(ms int64) time.Duration {
	return time.Duration(max(-1, min(ms, 1<<40))) * time.Millisecond
}

func (a *API) delayed(r *request, id mxid.Room, key *string, txn string, content []byte, delay time.Duration) (any, error) {
	if r.who.Device == "" {
		return nil, fault.MissingParam.New("What is sent later ends with a device: say which one sends it (device_id).")
	}
	later, err := a.Rooms.Schedule(r.ctx(), r.who, id, r.PathValue("eventType"), key, txn, content, delay)
	if err != nil {
		return nil, err
	}
	return delayID{later}, nil
}

// schedule sends an event later.
//
// Spec: MSC4140, "Scheduling a delayed event".
func (a *API) schedule(r *request) (any, error) {
	id, err := r.room()
	if err != nil {
		return nil, err
	}
	var body struct {
		Delay    int64           `json:"delay_ms"`
		StateKey *string         `json:"state_key"`
		Content  json.RawMessage `json:"content"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	return a.delayed(r, id, body.StateKey, r.PathValue("txnId"), body.Content, milliseconds(body.Delay))
}

// delayedEvents lists what waits to be sent.
//
// Spec: MSC4140, "Getting delayed events".
func (a *API) delayedEvents(r *request) (any, error) {
	all, err := a.Rooms.AllDelayed(r.ctx(), r.who)
	return map[string][]room.DelayedEvent{"delayed_events": all}, err
}

// delayedEvent gives one of them, and what became of it.
//
// Spec: MSC4140, "Getting delayed events".
func (a *API) delayedEvent(r *request) (any, error) {
	return a.Rooms.OneDelayed(r.ctx(), r.who, r.PathValue("delayId"))
}

// manageDelayed cancels, restarts or sends a delayed event. The action stands in the path, or in the body with clients from before the
// proposal was accepted.
//
// Spec: MSC4140, "Managing delayed events".
func (a *API) manageDelayed(r *request) (any, error) {
	action := r.PathValue("action")
	if action == "" {
		var body struct {
			Action string `json:"action"`
		}
		if err := r.decode(&body); err != nil {
			return nil, err
		}
		action = body.Action
	}
	return empty{}, a.Rooms.Manage(r.ctx(), r.who, r.PathValue("delayId"), action)
}
