package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"wardroom/test/rig"
)

// target is a server under measurement: wardroom, or the bare one.
type target interface {
	url() string
	pid() int
	// send is the request that says text in room number room as person number who.
	send(who, room int, txn, text string) []byte
	// sync is the request of who for what is new after since, and waits for it; room is the one room that who is in, -1 for all.
	sync(who, room int, since string) []byte
	// back is the request of who for the page of the room's history before a token, nil where syncs leave nothing out.
	back(who, room int, from string) []byte
}

// request is an HTTP request as bytes.
func request(method, path, token, body string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: bench\r\n", method, path)
	if token != "" {
		fmt.Fprintf(&b, "Authorization: Bearer %s\r\n", token)
	}
	if body != "" {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.WriteString(body)
	return b.Bytes()
}

// line is one connection to a server, for one request at a time. It does less than net/http's client does, because its work is
// done on the same machine.
type line struct {
	conn net.Conn
	r    *bufio.Reader
	buf  bytes.Buffer
}

// patience is how long one request may take.
const patience = 120 * time.Second

// longest is how long a sync waits at most, so that none ends while a slow machine still opens the others' connections.
const longest = 90 * time.Second

// dial connects to the server at url, encrypted where that says https.
func dial(url string) (*line, error) {
	scheme, addr, _ := strings.Cut(url, "://")
	conn, err := net.Dial("tcp", addr)
	if err == nil && scheme == "https" {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) // it is this machine's own, made a moment ago
	}
	if err != nil {
		return nil, err
	}
	return &line{conn: conn, r: bufio.NewReaderSize(conn, 16<<10)}, nil
}

// do sends a request and gives the body of the answer, which is valid until the next call. Any status but 200 is an error.
func (l *line) do(req []byte) ([]byte, error) {
	if err := l.write(req); err != nil {
		return nil, err
	}
	return l.read()
}

func (l *line) write(req []byte) error {
	if err := l.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err := l.conn.Write(req)
	return err
}

func (l *line) read() ([]byte, error) {
	res, err := http.ReadResponse(l.r, nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	l.buf.Reset()
	if _, err := l.buf.ReadFrom(res.Body); err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the server answered %s: %.300s", res.Status, l.buf.Bytes())
	}
	return l.buf.Bytes(), nil
}

func (b *bare) back(int, int, string) []byte { return nil }

// token finds a token in an answer by its name.
func token(body []byte, name string) (string, error) {
	_, rest, ok := bytes.Cut(body, []byte(`"`+name+`":"`))
	token, _, ended := bytes.Cut(rest, []byte{'"'})
	if !ok || !ended {
		return "", fmt.Errorf("no %s in %.300s", name, body)
	}
	return string(token), nil
}

// wardroom is the server with people and rooms in it.
type wardroom struct {
	site   *rig.Site
	people []*rig.Person
	rooms  []string
	filter string // of syncs; "": messages, and of a room's members all
}

func (w *wardroom) url() string {
	url, _ := w.site.URL(context.Background()) // a server that runs is there at once
	return strings.TrimSuffix(url, "/")
}

func (w *wardroom) pid() int { return w.site.PID() }

func (w *wardroom) send(who, room int, txn, text string) []byte {
	body, _ := rig.Canonical(rig.Encrypted(text)) // strings always have a JSON form
	return request("PUT", "/_matrix/client/v3/rooms/"+w.rooms[room]+"/send/m.room.encrypted/"+txn, w.people[who].Token, string(body))
}

func (w *wardroom) sync(who, _ int, since string) []byte {
	wait := longest
	if since == "" {
		wait = 0
	}
	return request("GET", rig.SyncPath(since, cmp.Or(w.filter, `{"room":{"timeline":{"limit":100}}}`), wait), w.people[who].Token, "")
}

func (w *wardroom) back(who, room int, from string) []byte {
	return request("GET", "/_matrix/client/v3/rooms/"+w.rooms[room]+"/messages?dir=b&limit=100&from="+from, w.people[who].Token, "")
}

// bare is the bare server: see floor.go.
type bare struct {
	cmd        *exec.Cmd
	at, secure string // where it is, in clear and encrypted
}

// startBare starts this program as the bare server, with its log in folder.
func startBare(folder, cpus string) (*bare, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := append(on(cpus), self)
	b := &bare{cmd: exec.Command(args[0], args[1:]...)}
	b.cmd.Env = append(os.Environ(), envFloor+"="+folder)
	b.cmd.Stderr = os.Stderr
	out, err := b.cmd.StdoutPipe()
	if err == nil {
		err = b.cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fscanln(out, &b.at, &b.secure); err != nil {
		return nil, errors.Join(err, b.stop())
	}
	return b, nil
}

func (b *bare) stop() error {
	if err := b.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return b.cmd.Wait()
}

func (b *bare) url() string { return b.at }
func (b *bare) pid() int    { return b.cmd.Process.Pid }

func (b *bare) send(_, room int, _, text string) []byte {
	body, _ := rig.Canonical(rig.Encrypted(text))
	return request("PUT", "/send/"+strconv.Itoa(room), "", string(body))
}

func (b *bare) sync(_, room int, since string) []byte {
	return request("GET", "/sync/"+strconv.Itoa(max(room, 0))+"?since="+since, "", "")
}
