package clientapi

import (
	"strconv"

	"wardroom/internal/mxid"
)

func (a *API) ledgerRoutes() []route {
	return []route{
		{"GET", "/ledger/checkpoint", open, general, a.checkpoint},
		{"GET", "/ledger/tile/{tile...}", open, general, a.tile},
		{"POST", "/_matrix/client/unstable/org.wardroom/identity", signedIn, reading, a.proveIdentities},
	}
}

// checkpoint says how far the ledger goes, with the signatures of who has seen it.
//
// Spec: c2sp.org/tlog-tiles, "Checkpoints".
func (a *API) checkpoint(r *request) (any, error) {
	signed, err := a.Ledger.Checkpoint(r.ctx())
	if err != nil {
		return nil, err
	}
	r.file("text/plain; charset=utf-8", "no-cache", signed)
	return nil, nil
}

// tile is a part of the ledger that never changes.
//
// Spec: c2sp.org/tlog-tiles, "Merkle tree" and "Log entries".
func (a *API) tile(r *request) (any, error) {
	data, err := a.Ledger.Tile(r.ctx(), "tile/"+r.PathValue("tile"))
	if err != nil {
		return nil, err
	}
	r.file("application/octet-stream", "public, max-age=31536000, immutable", data)
	return nil, nil
}

// proveIdentities shows that the master keys of people are in the ledger. Whoever may ask for somebody's keys may ask for this.
func (a *API) proveIdentities(r *request) (any, error) {
	var body struct {
		People []mxid.User `json:"people"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	return a.Devices.ProveIdentities(r.ctx(), body.People)
}

// file answers with what is no JSON.
func (r *request) file(is, kept string, data []byte) {
	h := r.w.Header()
	h.Set("Content-Type", is)
	h.Set("Cache-Control", kept)
	h.Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = r.w.Write(data) // a client that has gone misses its answer
}
