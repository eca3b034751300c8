package clientapi

import (
	"net/http"

	"wardroom/internal/account"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

func (a *API) deviceRoutes() []route {
	return []route{
		{"GET", "/_matrix/client/v3/devices", signedIn, general, a.devices},
		{"GET", "/_matrix/client/v3/devices/{device}", signedIn, general, a.device},
		{"PUT", "/_matrix/client/v3/devices/{device}", signedIn, sending, a.nameDevice},
		{"DELETE", "/_matrix/client/v3/devices/{device}", signedIn, general, a.deleteDevice},
		{"POST", "/_matrix/client/v3/delete_devices", signedIn, general, a.deleteDevices},
	}
}

// ownDevice is a device as its person sees it. There is no address: it is not known.
type ownDevice struct {
	ID       mxid.Device `json:"device_id"`
	Name     string      `json:"display_name,omitempty"`
	LastSeen int64       `json:"last_seen_ts"` // the beginning of the day (UTC)
}

func ownDeviceOf(d account.Device) ownDevice {
	return ownDevice{d.Device, d.Name, d.SeenDay * 86_400_000}
}

// devices lists the person's own devices.
//
// Spec: client-server API, GET /devices.
func (a *API) devices(r *request) (any, error) {
	all, err := a.Accounts.Devices(r.ctx(), r.who)
	if err != nil {
		return nil, err
	}
	list := make([]ownDevice, len(all))
	for i, d := range all {
		list[i] = ownDeviceOf(d)
	}
	return map[string]any{"devices": list}, nil
}

// device gives one of the person's own devices.
//
// Spec: client-server API, GET /devices/{deviceId}.
func (a *API) device(r *request) (any, error) {
	d, err := a.Accounts.Device(r.ctx(), r.who, mxid.Device(r.PathValue("device")))
	if err != nil {
		return nil, err
	}
	return ownDeviceOf(d), nil
}

// nameDevice renames one of the person's own devices. An application service makes them in this way.
//
// Spec: client-server API, PUT /devices/{deviceId}; application service API, "Creating devices".
func (a *API) nameDevice(r *request) (any, error) {
	id := mxid.Device(r.PathValue("device"))
	var in struct {
		Name *string `json:"display_name"`
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	if r.service != nil {
		name := ""
		if in.Name != nil {
			name = *in.Name
		}
		if made, err := a.Accounts.PutDevice(r.ctx(), r.who, id, name); err != nil {
			return nil, err
		} else if made {
			r.w.Header().Set("Content-Type", "application/json")
			r.w.WriteHeader(http.StatusCreated)
			_, _ = r.w.Write([]byte("{}")) // a client that has gone misses its answer
			return nil, nil
		}
	}
	if in.Name == nil { // nothing to change, but the device must be there
		_, err := a.Accounts.Device(r.ctx(), r.who, id)
		return empty{}, err
	}
	return empty{}, a.Accounts.NameDevice(r.ctx(), r.who, id, *in.Name)
}

// deleteDevice deletes one of the person's own devices.
//
// Spec: client-server API, DELETE /devices/{deviceId}.
func (a *API) deleteDevice(r *request) (any, error) {
	body, err := r.body()
	if err != nil {
		return nil, err
	}
	if err := a.confirm(r, body); err != nil {
		return nil, err
	}
	return empty{}, a.Accounts.DropDevices(r.ctx(), r.who, mxid.Device(r.PathValue("device")))
}

// deleteDevices deletes several of the person's own devices.
//
// Spec: client-server API, POST /delete_devices.
func (a *API) deleteDevices(r *request) (any, error) {
	body, err := r.body()
	if err != nil {
		return nil, err
	}
	var in struct {
		IDs []mxid.Device `json:"devices"`
	}
	if err := decodeJSON(body, &in); err != nil {
		return nil, err
	}
	if in.IDs == nil {
		return nil, fault.MissingParam.New("The list of devices is missing.")
	}
	if err := a.confirm(r, body); err != nil {
		return nil, err
	}
	return empty{}, a.Accounts.DropDevices(r.ctx(), r.who, in.IDs...)
}
