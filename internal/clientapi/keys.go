package clientapi

import (
	"encoding/json"
	"errors"

	"wardroom/internal/device"
	"wardroom/internal/fault"
	"wardroom/internal/feed"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

func (a *API) keyRoutes() []route {
	const v3 = "/_matrix/client/v3/keys/"
	return []route{
		{"POST", v3 + "upload", signedIn, writing, a.uploadKeys},
		{"POST", v3 + "query", signedIn, reading, a.queryKeys},
		{"POST", v3 + "claim", signedIn, general, a.claimKeys},
		{"GET", v3 + "changes", signedIn, reading, a.keyChanges},
		{"POST", v3 + "device_signing/upload", signedIn, writing, a.uploadCrossSigning},
		{"POST", v3 + "signatures/upload", signedIn, writing, a.uploadSignatures},
	}
}

// uploadKeys publishes keys of the device that asks.
//
// Spec: client-server API, POST /keys/upload.
func (a *API) uploadKeys(r *request) (any, error) {
	if r.who.Device == "" {
		return nil, fault.MissingParam.New("Keys belong to a device: say which one this is for (device_id).")
	}
	var body device.Upload
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	counts, err := a.Devices.Upload(r.ctx(), r.who, body)
	return map[string]any{"one_time_key_counts": counts}, err
}

// queryKeys gives the keys of people and their devices.
//
// Spec: client-server API, POST /keys/query.
func (a *API) queryKeys(r *request) (any, error) {
	var body struct {
		DeviceKeys map[mxid.User][]mxid.Device `json:"device_keys"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	return a.Devices.Query(r.ctx(), r.who.User, body.DeviceKeys)
}

// claimKeys hands out one key for each device named: its fallback key, where the person had some one-time keys of it just before.
//
// Spec: client-server API, POST /keys/claim.
func (a *API) claimKeys(r *request) (any, error) {
	var body struct {
		OneTimeKeys map[mxid.User]map[mxid.Device]string `json:"one_time_keys"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	devices, who := 0, "person\x00"+string(r.who.User)
	for _, of := range body.OneTimeKeys {
		devices += len(of)
	}
	if err := a.count(claims, who, devices); err != nil {
		return nil, err
	}
	claimed, err := a.Devices.Claim(r.ctx(), body.OneTimeKeys, func(user mxid.User, d mxid.Device) bool {
		return a.count(sameClaims, who+"\x00"+string(user)+"\x00"+string(d), 1) != nil
	})
	return map[string]any{"one_time_keys": claimed, "failures": empty{}}, err
}

// keyChanges says whose keys changed between two syncs.
//
// Spec: client-server API, GET /keys/changes.
func (a *API) keyChanges(r *request) (any, error) {
	from, err := streamToken(r, "from")
	if err != nil {
		return nil, err
	}
	to, err := streamToken(r, "to")
	if err != nil {
		return nil, err
	}
	changed, left, err := a.Devices.Changes(r.ctx(), r.who.User, from, to)
	return map[string]any{"changed": changed, "left": left}, err
}

// uploadCrossSigning publishes the person's cross-signing keys. Other keys than the first need the password.
//
// Spec: client-server API, POST /keys/device_signing/upload.
func (a *API) uploadCrossSigning(r *request) (any, error) {
	body, err := r.body()
	if err != nil {
		return nil, err
	}
	var keys device.CrossSigningUpload
	if err := decodeJSON(body, &keys); err != nil {
		return nil, err
	}
	err = a.Devices.UploadCrossSigning(r.ctx(), r.who, keys, false)
	if errors.Is(err, device.ErrUnconfirmed) {
		if err := a.confirm(r, body); err != nil {
			return nil, err
		}
		err = a.Devices.UploadCrossSigning(r.ctx(), r.who, keys, true)
	}
	return empty{}, err
}

// uploadSignatures adds signatures to keys.
//
// Spec: client-server API, POST /keys/signatures/upload.
func (a *API) uploadSignatures(r *request) (any, error) {
	var body map[mxid.User]map[string]json.RawMessage
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	failed, err := a.Devices.UploadSignatures(r.ctx(), r.who, body)
	failures := map[mxid.User]map[string]any{}
	for user, keys := range failed {
		failures[user] = map[string]any{}
		for name, f := range keys {
			failures[user][name] = refusal(r.w, f)
		}
	}
	return map[string]any{"failures": failures}, err
}

// streamToken reads a sync token from the query.
func streamToken(r *request, name string) (stream.Token, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return nil, fault.MissingParam.New("The parameter %q is missing. It is the next_batch of a sync.", name)
	}
	token, err := feed.ParseToken(text)
	if err != nil {
		return nil, fault.InvalidParam.Wrap(err, "The parameter %q is not a token of this server. Take the next_batch of a sync.", name)
	}
	return token.Token, nil
}
