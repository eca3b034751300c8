package clientapi

import (
	"encoding/json"

	"wardroom/internal/account"
	"wardroom/internal/device"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

func (a *API) toDeviceRoutes() []route {
	return []route{
		{"PUT", "/_matrix/client/v3/sendToDevice/{type}/{txn}", signedIn, general, a.sendToDevice},
	}
}

// sendToDevice gives messages to other devices.
//
// Spec: client-server API, PUT /sendToDevice/{eventType}/{txnId}.
func (a *API) sendToDevice(r *request) (any, error) {
	var body struct {
		Messages map[mxid.User]map[mxid.Device]json.RawMessage `json:"messages"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	if body.Messages == nil {
		return nil, fault.MissingParam.New("\"messages\" is missing: it says who gets which content.")
	}
	if err := a.count(postage, "person\x00"+string(r.who.User), cost(body.Messages)); err != nil {
		return nil, err
	}
	return empty{}, a.Devices.Send(r.ctx(), r.who, r.PathValue("type"), r.PathValue("txn"), body.Messages)
}

// cost is the postage of messages; one for all devices of a person counts as often as that may be.
func cost(messages map[mxid.User]map[mxid.Device]json.RawMessage) (n int) {
	for _, devices := range messages {
		for d, content := range devices {
			each := 1 + len(content)>>10
			if d == device.Everyone {
				each *= account.MaxDevices
			}
			n += each
		}
	}
	return n
}
