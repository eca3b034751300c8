package ledger

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"wardroom/internal/stream"
)

// Client says which build of the web client the server gives to browsers from here on.
const Client Kind = "client"

// clientsName is where the builds are kept that have an entry.
const clientsName = "ledger_clients"

// ClientBody names a build of the web client.
type ClientBody struct {
	Build   string `json:"build"`   // SHA-256, in hexadecimal, of the list of its files with the SHA-256 of each
	Version string `json:"version"` // of the program that it came in
}

// clientOf reads the body of a client entry.
func clientOf(leaf *Leaf) (ClientBody, error) {
	body, err := BodyOf[ClientBody](leaf)
	if err != nil {
		return body, err
	}
	if sum, err := hex.DecodeString(body.Build); err != nil || len(sum) != 32 || strings.ToLower(body.Build) != body.Build {
		return body, errors.New("it names no build")
	}
	return body, nil
}

// Serves appends an entry about a build of the web client where there is none. When it returns nil the entry is on disk, and the build may be
// served. Prepare comes before it.
func (l *Ledger) Serves(ctx context.Context, build, version string) error {
	err := l.Disk.Do(ctx, func(u stream.Unit) error {
		kept, _, err := l.Disk.Meta(u, clientsName)
		if err != nil {
			return err
		}
		known := strings.Fields(kept)
		if slices.Contains(known, build) {
			return nil
		}
		if _, err := l.Append(u, Client, ClientBody{Build: build, Version: version}); err != nil {
			return err
		}
		return l.Disk.SetMeta(u, clientsName, strings.Join(append(known, build), " "))
	})
	if err != nil {
		return fmt.Errorf("recording which web client is served: %w", err)
	}
	return nil
}
