package rig

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Site is one data folder and the server that runs on it, if one does. People keep their Site when the server is killed and
// started again, on whatever port.
type Site struct {
	Program Program
	Data    string
	Config  string   // a configuration file that says more; empty: there is none
	Wrap    []string // a command that runs the server, such as strace; it must leave the server its process ID
	Env     []string // more of the server's environment

	HTTP *http.Client // nil: one that reuses connections

	mu  sync.Mutex // guards run and up
	run *running
	up  chan struct{} // closed while a server answers
}

// running is one life of the server.
type running struct {
	cmd   *exec.Cmd
	url   string
	log   *bytes.Buffer // what it wrote to stderr; read only after ended
	ended chan error    // its exit, once, when all that it wrote has been read
}

// startPatience is how long a server may take to say where it is.
const startPatience = 30 * time.Second

// NewSite returns a site with nothing running.
func NewSite(p Program, data string, wrap ...string) *Site {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 0, 4096
	transport.DisableCompression = true
	return &Site{Program: p, Data: data, Wrap: wrap, HTTP: &http.Client{Transport: transport}, up: make(chan struct{})}
}

// Start starts the server and returns when it says where it is.
func (s *Site) Start(ctx context.Context) error {
	r, lines, err := s.launch()
	if err != nil {
		return err
	}
	said := make(chan string, 1)
	go func() {
		scanner := bufio.NewScanner(lines)
		for scanner.Scan() {
			if url, ok := strings.CutPrefix(scanner.Text(), "Wardroom is at "); ok {
				said <- url
			}
		}
		close(said)
		_, _ = io.Copy(io.Discard, lines) // a line that is too long must not block the server
		r.ended <- r.cmd.Wait()
	}()
	patience := time.NewTimer(startPatience)
	defer patience.Stop()
	select {
	case url, ok := <-said:
		if ok {
			r.url = url
			s.mu.Lock()
			defer s.mu.Unlock()
			s.run = r
			close(s.up)
			return nil
		}
		err = errors.New("it ended")
	case <-patience.C:
		err = fmt.Errorf("it did not say where it is within %s", startPatience)
	case <-ctx.Done():
		err = ctx.Err()
	}
	_ = r.cmd.Process.Kill() // it may have ended
	return fmt.Errorf("starting the server: %w\n%s", errors.Join(err, <-r.ended), r.log)
}

// launch begins one life of the server.
func (s *Site) launch() (*running, io.Reader, error) {
	args := append(append([]string{}, s.Wrap...), string(s.Program))
	args = append(args, s.Args("serve", "--unlimited", "--listen", "127.0.0.1:0")...)
	r := &running{cmd: exec.Command(args[0], args[1:]...), log: &bytes.Buffer{}, ended: make(chan error, 1)}
	r.cmd.Env = append(os.Environ(), s.Env...)
	r.cmd.Stderr = r.log
	lines, err := r.cmd.StdoutPipe()
	if err == nil {
		err = r.cmd.Start()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("starting the server: %w", err)
	}
	return r, lines, nil
}

// Args are the arguments of a command that is about this site.
func (s *Site) Args(command string, more ...string) []string {
	where := []string{command, "--data", s.Data}
	if s.Config != "" {
		where = append(where, "--config", s.Config)
	}
	return append(where, more...)
}

// On lets the site keep its tables in the PostgreSQL database at address, from its next start on; where redis is not empty, as one of
// several servers.
func (s *Site) On(address, redis string) error {
	s.Config = s.Data + ".toml"
	return os.WriteFile(s.Config, fmt.Appendf(nil, "database = %q\nredis = %q\n", address, redis), 0o600)
}

// Also adds a line to the site's configuration, for its next start.
func (s *Site) Also(key, value string) error {
	text, err := os.ReadFile(s.Config)
	if err != nil {
		return err
	}
	return os.WriteFile(s.Config, fmt.Appendf(text, "%s = %q\n", key, value), 0o600)
}

// KillEarly starts the server and kills it after d, whatever it is doing then: opening its data, most often.
func (s *Site) KillEarly(d time.Duration) error {
	r, lines, err := s.launch()
	if err != nil {
		return err
	}
	timer := time.AfterFunc(d, func() { _ = r.cmd.Process.Kill() })
	defer timer.Stop()
	_, _ = io.Copy(io.Discard, lines) // ends with the process
	var exit *exec.ExitError
	if err := r.cmd.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		return fmt.Errorf("the server was to be killed and ended with %w\n%s", err, r.log)
	}
	return nil
}

// Kill ends the server at once (kill -9) and returns when it is gone. What the server had written to its log is returned.
func (s *Site) Kill() (log string, err error) { return s.end(syscall.SIGKILL) }

// Stop asks the server to end and returns when it has. It is an error if the server says that something failed.
func (s *Site) Stop() (log string, err error) { return s.end(syscall.SIGTERM) }

// Pause lets the server stand still, as it is, until Continue.
func (s *Site) Pause() error { return s.signal(syscall.SIGSTOP) }

// Continue lets the server go on where it stood still.
func (s *Site) Continue() error { return s.signal(syscall.SIGCONT) }

func (s *Site) signal(sig syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil {
		return errors.New("no server runs")
	}
	return s.run.cmd.Process.Signal(sig)
}

func (s *Site) end(sig syscall.Signal) (log string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil {
		return "", nil
	}
	r := s.run
	s.run, s.up = nil, make(chan struct{})
	if err := r.cmd.Process.Signal(sig); err != nil {
		return "", fmt.Errorf("ending the server: %w", err)
	}
	err = <-r.ended
	s.HTTP.CloseIdleConnections()
	var exit *exec.ExitError
	if sig == syscall.SIGKILL && errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == sig {
		err = nil
	}
	if err != nil {
		err = fmt.Errorf("the server ended with %w\n%s", err, r.log)
	}
	return r.log.String(), err
}

// PID is the server's process ID, 0 if none runs.
func (s *Site) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil {
		return 0
	}
	return s.run.cmd.Process.Pid
}

// URL is where the server is. It waits until one runs.
func (s *Site) URL(ctx context.Context) (string, error) {
	for {
		s.mu.Lock()
		run, up := s.run, s.up
		s.mu.Unlock()
		if run != nil {
			return run.url, nil
		}
		select {
		case <-up:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// Invite gives a registration token with which n people can sign up.
func (s *Site) Invite(ctx context.Context, n int) (string, error) {
	cmd := exec.CommandContext(ctx, string(s.Program), s.Args("invite", "--uses", fmt.Sprint(n), "--token-only")...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("inviting: %w\n%s", err, &errs)
	}
	return strings.TrimSpace(string(out)), nil
}
