package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"

	"wardroom/internal/clientapi"
	"wardroom/internal/cluster"
	"wardroom/internal/store"
	"wardroom/internal/stream"
)

// besides makes this server one of several, which hear of each other through redis; it is nil where redis is empty. It is called before
// the store's writer runs.
func besides(redis string, hub *stream.Hub, db *store.DB, api *clientapi.API, log *slog.Logger) (*cluster.Member, error) {
	if redis == "" {
		return nil, nil
	}
	m, err := cluster.New(redis, hub, db, log)
	if err != nil {
		return nil, err
	}
	m.Typing = api.Feed.HeardTyping
	hub.Elsewhere, db.Elsewhere, api.Feed.Typing.Elsewhere = m.Wake, m.Committed, m.Types
	api.Accounts.Beside = true
	return m, nil
}

// oneOfSeveral gives the key that all servers with this database have, and returns an error where in is not what the files of the
// others are in.
func oneOfSeveral(ctx context.Context, db *store.DB, in files) (key [32]byte, err error) {
	secret, err := clusterSecret(ctx, db)
	if err != nil {
		return key, fmt.Errorf("agreeing with the other servers on a key: %w", err)
	}
	want := markOf(secret)
	var servers string
	have, err := in.Mark(ctx)
	if err == nil && have == "" {
		err = db.Do(ctx, func(u stream.Unit) (err error) { // the first one makes it, once
			servers, _, err = db.Meta(u, store.ClusterFiles)
			return err
		})
		if err == nil && servers == "" { // the mark first: a stop in between leaves nothing that is wrong
			if have, err = want, in.SetMark(ctx, want); err == nil {
				err = db.Do(ctx, func(u stream.Unit) error { return db.SetMeta(u, store.ClusterFiles, want+"\n") })
			}
		}
	}
	if err != nil {
		return key, fmt.Errorf("looking whether the other servers have the same files: %w", err)
	}
	if have != want {
		return key, fmt.Errorf("%s is not the folder that the other servers with this database have: let it be the same one for all of them, "+
			"by a network filesystem or, on one machine, by a symbolic link", in)
	}
	return sha256.Sum256([]byte("cluster " + secret)), nil
}
