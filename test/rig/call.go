package rig

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// Refusal is an answer other than 200.
type Refusal struct {
	Status int
	Body   string
}

func (r *Refusal) Error() string { return fmt.Sprintf("the server answered %d: %s", r.Status, r.Body) }

// Call sends one request to the server as it runs now and returns the body of a 200. It returns a *Refusal for any other
// answer, and another error where no whole answer came: then nobody knows whether the server did it. It never repeats a request
// by itself. body nil sends none.
func (s *Site) Call(ctx context.Context, token, method, path string, body any) ([]byte, error) {
	url, err := s.URL(ctx)
	if err != nil {
		return nil, err
	}
	var sent io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		// Hidden behind a plain reader, so that net/http cannot send it again.
		sent = struct{ io.Reader }{bytes.NewReader(data)}
	}
	req, err := http.NewRequestWithContext(ctx, method, url+path, sent)
	if err != nil {
		return nil, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := s.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, &Refusal{res.StatusCode, string(data)}
	}
	return data, nil
}

// get is Call with the answer read into T.
func get[T any](ctx context.Context, s *Site, token, method, path string, body any) (answer T, err error) {
	data, err := s.Call(ctx, token, method, path, body)
	if err == nil {
		err = json.Unmarshal(data, &answer)
	}
	if err != nil {
		return answer, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return answer, nil
}
