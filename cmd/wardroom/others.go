package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

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

// sharedMark is the file in the folder of the people's files by which servers know that it is the same for all of them.
const sharedMark = "shared"

// oneOfSeveral gives the key that all servers with this database have, and returns an error where the folder files is not that of the
// others.
func oneOfSeveral(ctx context.Context, db *store.DB, files string) (key [32]byte, err error) {
	var secret string
	err = db.Do(ctx, func(u stream.Unit) (err error) {
		var ok bool
		if secret, ok, err = db.Meta(u, store.ClusterSecret); err != nil || ok {
			return err
		}
		secret = rand.Text() + rand.Text()
		return db.SetMeta(u, store.ClusterSecret, secret)
	})
	if err != nil {
		return key, fmt.Errorf("agreeing with the other servers on a key: %w", err)
	}
	mark := sha256.Sum256([]byte("files " + secret))
	want, at := fmt.Sprintf("%x\n", mark), filepath.Join(files, sharedMark)
	var servers string
	have, err := os.ReadFile(at)
	if errors.Is(err, fs.ErrNotExist) {
		err = db.Do(ctx, func(u stream.Unit) (err error) { // the first one makes it, once
			var ok bool
			if servers, ok, err = db.Meta(u, store.ClusterFiles); err == nil && !ok {
				err = db.SetMeta(u, store.ClusterFiles, want)
			}
			return err
		})
		if err == nil && servers == "" {
			have, err = []byte(want), os.WriteFile(at, []byte(want), 0o600)
		}
	}
	if err != nil {
		return key, fmt.Errorf("looking whether the other servers have the same files: %w", err)
	}
	if strings.TrimSpace(string(have)) != strings.TrimSpace(want) {
		return key, fmt.Errorf("%s is not the folder that the other servers with this database have: let it be the same one for all of them, "+
			"by a network filesystem or, on one machine, by a symbolic link", files)
	}
	return sha256.Sum256([]byte("cluster " + secret)), nil
}
