package service

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"wardroom/internal/config"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

// Patience for a service.
const (
	dialTime    = 10 * time.Second
	tellTime    = time.Minute      // bridges do much with what they are told before they answer
	askTime     = 20 * time.Second // somebody waits for the answer
	answerBytes = 64 << 10
	shownBytes  = 4 << 10 // of an answer, to who asked for a ping
)

// newClient gives a client that speaks to where it is sent and nowhere else: it follows no redirection and uses no proxy. Where a service is, is
// the operator's own word; it may be inside of their network.
func newClient() *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: dialTime}).DialContext,
			TLSHandshakeTimeout: dialTime, IdleConnTimeout: 90 * time.Second, ForceAttemptHTTP2: true, MaxResponseHeaderBytes: 16 << 10, DisableCompression: true,
		},
	}
}

var errAway = errors.New("it cannot be reached")

// ask sends one request to a service.
func (s *Services) ask(ctx context.Context, one *config.Service, method, path string, body io.Reader, patience time.Duration) (status int, answer []byte, err error) {
	ctx, end := context.WithTimeout(ctx, patience)
	defer end()
	req, err := http.NewRequestWithContext(ctx, method, one.URL+"/_matrix/app/v1/"+path, body)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", one.Authorization())
	req.Header.Set("User-Agent", "Wardroom")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := s.client.Do(req)
	if err == nil {
		defer resp.Body.Close()
		if answer, err = io.ReadAll(io.LimitReader(resp.Body, answerBytes)); err == nil {
			return resp.StatusCode, answer, nil
		}
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return 0, nil, fmt.Errorf("it did not answer in time: %w", context.DeadlineExceeded)
	}
	return 0, nil, errAway // the cause would name where it is
}

// HasRoom asks the services that have alias in a namespace whether they want there to be a room of that address. When it returns true, one of
// them has had the chance to make it. Who asks they are not told.
//
// Spec: application service API, GET /_matrix/app/v1/rooms/{roomAlias}.
func (s *Services) HasRoom(ctx context.Context, alias mxid.Alias) bool {
	return s.has(ctx, "rooms/"+url.PathEscape(string(alias)), func(one *config.Service) bool { return one.NamesRoom(alias) })
}

// HasUser asks the services that have user in a namespace whether they want there to be such an account; see HasRoom.
//
// Spec: application service API, GET /_matrix/app/v1/users/{userId}.
func (s *Services) HasUser(ctx context.Context, user mxid.User) bool {
	return s.has(ctx, "users/"+url.PathEscape(string(user)), func(one *config.Service) bool { return one.Names(user) })
}

// Concerns reports whether some service would be asked for user.
func (s *Services) Concerns(user mxid.User) bool {
	return s != nil && s.any(func(one *config.Service) bool { return one.Names(user) })
}

// ConcernsRoom reports whether some service would be asked for alias.
func (s *Services) ConcernsRoom(alias mxid.Alias) bool {
	return s != nil && s.any(func(one *config.Service) bool { return one.NamesRoom(alias) })
}

func (s *Services) any(fits func(*config.Service) bool) bool {
	for _, one := range s.All {
		if one.URL != "" && fits(one) {
			return true
		}
	}
	return false
}

func (s *Services) has(ctx context.Context, path string, fits func(*config.Service) bool) bool {
	for _, one := range s.All {
		if one.URL == "" || !fits(one) {
			continue
		}
		status, _, err := s.ask(ctx, one, http.MethodGet, path, nil, askTime)
		if err == nil && status == http.StatusOK {
			return true
		}
	}
	return false
}

// The faults of Ping.
var (
	urlNotSet = fault.Code{Name: "M_URL_NOT_SET", Status: 400}
	badStatus = fault.Code{Name: "M_BAD_STATUS", Status: 502}
	failed    = fault.Code{Name: "M_CONNECTION_FAILED", Status: 502}
	timedOut  = fault.Code{Name: "M_CONNECTION_TIMEOUT", Status: 504}
)

// Ping asks a service, on its own request, whether it is there, and returns how long it took to answer.
//
// Spec: application service API, POST /_matrix/app/v1/ping.
func (s *Services) Ping(ctx context.Context, one *config.Service, txn string) (time.Duration, error) {
	if one.URL == "" {
		return 0, urlNotSet.New("The registration of %s has no url.", one.ID)
	}
	said := map[string]string{}
	if txn != "" {
		said["transaction_id"] = txn
	}
	body, err := json.Marshal(said)
	if err != nil {
		return 0, err
	}
	begun := time.Now()
	status, answer, err := s.ask(ctx, one, http.MethodPost, "ping", bytes.NewReader(body), askTime)
	took := time.Since(begun)
	switch {
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return 0, timedOut.New("The application service did not answer in time.")
	case err != nil:
		return 0, failed.New("The application service cannot be reached at the url in its registration.")
	case status != http.StatusOK:
		f := badStatus.New("The application service answered %d.", status)
		f.More = map[string]any{"status": status, "body": strings.ToValidUTF8(string(answer[:min(len(answer), shownBytes)]), "�")}
		return 0, f
	}
	return took, nil
}
