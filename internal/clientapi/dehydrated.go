package clientapi

import (
	"wardroom/internal/device"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

func (a *API) dehydratedRoutes() []route {
	const path = "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device"
	return []route{
		{"PUT", path, signedIn, writing, a.dehydrate},
		{"GET", path, signedIn, general, a.dehydrated},
		{"DELETE", path, signedIn, writing, a.dropDehydrated},
		{"GET", path + "/{device}/events", signedIn, general, a.dehydratedEvents},
		{"POST", path + "/{device}/events", signedIn, general, a.dehydratedEvents},
	}
}

// dehydrate stores a device that nobody holds.
//
// Spec: MSC3814.
func (a *API) dehydrate(r *request) (any, error) {
	var body device.DehydratedUpload
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	return map[string]any{"device_id": body.Device}, a.Devices.Dehydrate(r.ctx(), r.who, body)
}

// dehydrated gives the stored device.
//
// Spec: MSC3814.
func (a *API) dehydrated(r *request) (any, error) {
	d, err := a.Devices.Dehydrated(r.ctx(), r.who)
	return map[string]any{"device_id": d.Device, "device_data": d.Data}, err
}

// dropDehydrated removes the stored device.
//
// Spec: MSC3814.
func (a *API) dropDehydrated(r *request) (any, error) {
	id, err := a.Devices.DropDehydrated(r.ctx(), r.who)
	return map[string]any{"device_id": id}, err
}

// dehydratedEvents gives what was sent to the stored device. Some clients go on until next_batch is missing, others until there
// are no events: both end with the same answer.
//
// Spec: MSC3814.
func (a *API) dehydratedEvents(r *request) (any, error) {
	from := r.URL.Query().Get("from")
	if r.Method == "POST" {
		var body struct {
			Next string `json:"next_batch"`
		}
		if err := r.decode(&body); err != nil {
			return nil, err
		}
		from = body.Next
	}
	var after stream.Position
	if from != "" {
		token, err := stream.ParseToken(from)
		if err != nil {
			return nil, fault.InvalidParam.Wrap(err, "The token is not one of this server. Take the next_batch of the answer before.")
		}
		after = token.At(stream.Topic(r.who.User))
	}
	messages, err := a.Devices.DehydratedEvents(r.ctx(), r.who, mxid.Device(r.PathValue("device")), after)
	if err != nil {
		return nil, err
	}
	events := make([]map[string]any, len(messages))
	for i, m := range messages {
		events[i] = map[string]any{"sender": m.Sender, "type": m.Type, "content": m.Content}
	}
	answer := map[string]any{"events": events}
	if len(messages) > 0 {
		answer["next_batch"] = stream.Token{messages[len(messages)-1].Pos}.String()
	}
	return answer, nil
}
