package front_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wardroom/internal/front"
)

// line is a listener whose connections are pipes, so that time is the test's own.
type line struct {
	conns chan net.Conn
	done  chan struct{}
}

func (l *line) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}
func (l *line) Close() error   { return nil }
func (l *line) Addr() net.Addr { return &net.TCPAddr{} }

// call starts a server with api behind the door and gives a client's end of a connection to it.
func call(t *testing.T, api http.HandlerFunc) net.Conn {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	h, err := (&front.Door{API: api, Client: files, Health: http.NotFoundHandler(), Log: quiet, Seen: func(string, string, int, time.Duration) {}}).Handler()
	if err != nil {
		t.Fatal(err)
	}
	l := &line{conns: make(chan net.Conn), done: make(chan struct{})}
	server := front.Server(h, nil, quiet)
	go server.Serve(l)
	client, far := net.Pipe()
	l.conns <- far
	t.Cleanup(func() {
		client.Close()
		close(l.done)
		server.Close()
		synctest.Wait()
	})
	return client
}

func send(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

func TestALongPollIsNotSlowness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := call(t, func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.ReadAll(r.Body); err != nil {
				t.Error(err)
			}
			if n, err := r.Body.Read(make([]byte, 1)); n != 0 || err != io.EOF { // asking again starts no deadline
				t.Errorf("after the body: %d, %v", n, err)
			}
			select {
			case <-time.After(10 * time.Minute):
				fmt.Fprint(w, "news")
			case <-r.Context().Done():
				t.Error("the wait was cut short")
			}
		})
		for range 2 { // on one connection, one after the other
			send(t, c, "POST /_matrix/sync HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}")
			r, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := body(t, r); got != "news" {
				t.Errorf("got %q", got)
			}
		}
	})
}

func TestAClientThatDoesNotSendItsBodyIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		ended := make(chan error, 1)
		c := call(t, func(_ http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			ended <- err
		})
		send(t, c, "PUT /_matrix/x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
		go io.Copy(io.Discard, c)
		left := make(chan struct{})
		go func() { // one byte a second is not enough
			defer close(left)
			for range time.Tick(time.Second) {
				if _, err := io.WriteString(c, "x"); err != nil {
					return
				}
			}
		}()
		if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the body ended with %v", err)
		}
		if took := time.Since(start); took > time.Minute {
			t.Errorf("after %v", took)
		}
		<-left
	})
}

func TestASlowUploadThatMovesIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 4 << 20
		read := make(chan int, 1)
		c := call(t, func(_ http.ResponseWriter, r *http.Request) {
			data, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			read <- len(data)
		})
		send(t, c, fmt.Sprintf("PUT /_matrix/x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", size))
		go io.Copy(io.Discard, c)
		part := strings.Repeat("x", 16<<10)
		for range size / len(part) { // 16 KiB a second: four minutes
			send(t, c, part)
			<-time.After(time.Second)
		}
		if got := <-read; got != size {
			t.Errorf("%d bytes came", got)
		}
	})
}

func TestAClientThatDoesNotTakeItsAnswerIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		ended := make(chan error, 1)
		c := call(t, func(w http.ResponseWriter, _ *http.Request) {
			_, err := w.Write(make([]byte, 1<<20))
			ended <- err
		})
		send(t, c, "GET /_matrix/x HTTP/1.1\r\nHost: a\r\n\r\n")
		if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("writing ended with %v", err)
		}
		if took := time.Since(start); took > time.Minute {
			t.Errorf("after %v", took)
		}
	})
}

func TestAClientThatDoesNotSendItsHeadersIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := call(t, func(http.ResponseWriter, *http.Request) { t.Error("was called") })
		send(t, c, "GET /_matrix/x HTTP/1.1\r\nHost: ")
		start := time.Now()
		if _, err := io.Copy(io.Discard, c); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > 15*time.Second {
			t.Errorf("after %v", took)
		}
	})
}
