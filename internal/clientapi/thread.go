package clientapi

import (
	"encoding/json"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

func (a *API) threadRoutes() []route {
	const one = "/_matrix/client/unstable/io.element.msc4306/rooms/{roomId}/thread/{eventId}/subscription"
	return []route{
		{"GET", one, signedIn, reading, a.threadSubscription},
		{"PUT", one, signedIn, writing, a.subscribe},
		{"DELETE", one, signedIn, writing, a.unsubscribe},
		{"GET", "/_matrix/client/unstable/io.element.msc4308/thread_subscriptions", signedIn, reading, a.threadSubscriptions},
	}
}

// threadSubscription says whether somebody follows a thread.
//
// Spec: MSC4306.
func (a *API) threadSubscription(r *request) (any, error) {
	room, root, err := r.event()
	if err != nil {
		return nil, err
	}
	is, err := a.Feed.Subscribed(r.ctx(), r.who, room, root)
	return map[string]bool{"automatic": is.Automatic}, err
}

// subscribe follows a thread.
//
// Spec: MSC4306.
func (a *API) subscribe(r *request) (any, error) {
	room, root, err := r.event()
	if err != nil {
		return nil, err
	}
	var body struct {
		Automatic json.RawMessage `json:"automatic"`
	}
	if err := r.decodeAny(&body); err != nil {
		return nil, err
	}
	var cause mxid.Event
	switch string(body.Automatic) {
	case "", "null", "false":
	default:
		var text string
		if json.Unmarshal(body.Automatic, &text) == nil {
			cause, err = mxid.ParseEvent(text)
		}
		if err != nil || cause == "" {
			return nil, fault.InvalidParam.New("\"automatic\" is the ID of the event for which a client does this by itself.")
		}
	}
	return empty{}, a.Feed.Subscribe(r.ctx(), r.who, room, root, cause)
}

// unsubscribe no longer follows a thread.
//
// Spec: MSC4306.
func (a *API) unsubscribe(r *request) (any, error) {
	room, root, err := r.event()
	if err != nil {
		return nil, err
	}
	return empty{}, a.Feed.Unsubscribe(r.ctx(), r.who, room, root)
}

// threadSubscriptions pages back through what changed of the threads that somebody follows.
//
// Spec: MSC4308.
func (a *API) threadSubscriptions(r *request) (any, error) {
	q := r.URL.Query()
	p, err := page(q, "b")
	if err != nil {
		return nil, err
	}
	if !p.Backwards {
		return nil, fault.InvalidParam.New("Subscriptions are listed backwards alone: dir is \"b\".")
	}
	return a.Feed.Subscriptions(r.ctx(), r.who, p.From, p.To, p.Limit)
}
