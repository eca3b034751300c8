package clientapi

import (
	"encoding/json"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

func (a *API) toDeviceRoutes() []route {
	return []route{
		{"PUT", "/_matrix/client/v3/sendToDevice/{type}/{txn}", signedIn, free, a.sendToDevice},
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
	return empty{}, a.Devices.Send(r.ctx(), r.who, r.PathValue("type"), r.PathValue("txn"), body.Messages)
}
