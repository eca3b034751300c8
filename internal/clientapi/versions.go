package clientapi

import "strconv"

func (a *API) versionRoutes() []route {
	return []route{
		{"GET", "/_matrix/client/versions", open, general, a.versions},
	}
}

// newest is the last version of the specification of which everything is served that a server must serve.
const newest = 18

// versions lists what clients may rely on. Clients test by exact inclusion, so every version is named.
//
// Spec: client-server API, GET /_matrix/client/versions.
func (a *API) versions(*request) (any, error) {
	type answer struct {
		Versions []string        `json:"versions"`
		Unstable map[string]bool `json:"unstable_features"`
	}
	out := answer{Unstable: map[string]bool{
		"org.matrix.msc4222":            true, // state after the timeline of a sync
		"org.matrix.simplified_msc3575": true, // sliding sync
		"org.matrix.msc4140":            true, // events that are sent later
		"org.matrix.msc4306":            true, // subscriptions to threads
		"org.matrix.msc4308":            true, // and in sliding sync
	}}
	for minor := 1; minor <= newest; minor++ {
		out.Versions = append(out.Versions, "v1."+strconv.Itoa(minor))
	}
	return out, nil
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
