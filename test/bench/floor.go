package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// floor is the least that a server must do to keep a message and pass it on: net/http, one log file, one fdatasync for all messages
// that wait, and long-polls that are given the bytes. It checks nothing, stores no state, has no accounts, and keeps everything
// in memory. Wardroom cannot be faster than this.
type floor struct {
	log   *os.File
	waits chan *said

	mu    sync.Mutex // guards rooms
	rooms map[string]*floorRoom
}

type floorRoom struct {
	said []json.RawMessage
	more chan struct{} // closed and made anew when something is added
}

// said is a message on its way into the log.
type said struct {
	room string
	body json.RawMessage
	done chan error
}

func newFloor(log *os.File) *floor {
	return &floor{log: log, waits: make(chan *said, maxShared), rooms: map[string]*floorRoom{}}
}

// serveFloor is the bare server's process. It prints where it is, in clear and encrypted.
func serveFloor(ctx context.Context, folder string) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	log, err := os.Create(filepath.Join(folder, "floor.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	f := newFloor(log)
	go f.write(ctx)
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /send/{room}", f.send)
	mux.HandleFunc("GET /sync/{room}", f.sync)
	mux.HandleFunc("GET /bytes/{n}", giveBytes)
	mux.HandleFunc("GET /collect", func(w http.ResponseWriter, r *http.Request) { debug.FreeOSMemory() })
	clear, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	secure, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	cert, key, err := certificate(folder)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux}
	go func() { <-ctx.Done(); server.Close() }()
	fmt.Printf("http://%s https://%s\n", clear.Addr(), secure.Addr())
	ended := make(chan error, 2)
	go func() { ended <- server.Serve(clear) }()
	go func() { ended <- server.ServeTLS(secure, cert, key) }()
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// certificate makes one for this machine in folder, and names its files.
func certificate(folder string) (cert, key string, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	says := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	public, err := x509.CreateCertificate(rand.Reader, says, says, private.Public(), private)
	if err != nil {
		return "", "", err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", "", err
	}
	cert, key = filepath.Join(folder, "certificate.pem"), filepath.Join(folder, "key.pem")
	return cert, key, errors.Join(os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: public}), 0o600),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
}

// maxShared is how many messages share one write at most.
const maxShared = 256

// shared waits for a message and takes all that wait behind it; none when ctx has ended.
func shared(ctx context.Context, waits chan *said) (all []*said) {
	select {
	case s := <-waits:
		all = append(all, s)
	case <-ctx.Done():
		return nil
	}
	for len(all) < maxShared {
		select {
		case s := <-waits:
			all = append(all, s)
			continue
		default:
		}
		break
	}
	return all
}

// write is the log's one writer.
func (f *floor) write(ctx context.Context) {
	for {
		batch := shared(ctx, f.waits)
		if len(batch) == 0 {
			return
		}
		var out []byte
		for _, s := range batch {
			out = append(append(out, s.body...), '\n')
		}
		_, err := f.log.Write(out)
		if err == nil {
			err = syscall.Fdatasync(int(f.log.Fd()))
		}
		f.mu.Lock()
		for _, s := range batch {
			r := f.room(s.room)
			r.said = append(r.said, s.body)
			close(r.more)
			r.more = make(chan struct{})
			s.done <- err
		}
		f.mu.Unlock()
	}
}

// room finds a room. The caller holds f.mu.
func (f *floor) room(name string) *floorRoom {
	r := f.rooms[name]
	if r == nil {
		r = &floorRoom{more: make(chan struct{})}
		f.rooms[name] = r
	}
	return r
}

func (f *floor) send(w http.ResponseWriter, r *http.Request) {
	s := &said{room: r.PathValue("room"), done: make(chan error, 1)}
	err := json.NewDecoder(r.Body).Decode(&s.body)
	if err == nil {
		f.waits <- s
		err = <-s.done
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprint(w, `{"event_id":"$floor"}`)
}

// firstSaid is how many messages of a room a first sync gives, as many as wardroom's is asked for.
const firstSaid = 100

func (f *floor) sync(w http.ResponseWriter, r *http.Request) {
	since, _ := strconv.Atoi(r.FormValue("since"))
	waits := time.NewTimer(longest)
	defer waits.Stop()
	for {
		f.mu.Lock()
		room := f.room(r.PathValue("room"))
		if r.FormValue("since") == "" {
			since = max(0, len(room.said)-firstSaid)
		}
		news, more := room.said[since:], room.more
		f.mu.Unlock()
		if len(news) > 0 || r.FormValue("since") == "" {
			answer(w, since+len(news), news)
			return
		}
		select {
		case <-more:
		case <-waits.C:
			answer(w, since, nil)
			return
		case <-r.Context().Done():
			return
		}
	}
}

func answer(w http.ResponseWriter, next int, news []json.RawMessage) {
	data, err := json.Marshal(struct {
		Next string            `json:"next_batch"`
		News []json.RawMessage `json:"news"`
	}{strconv.Itoa(next), news})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(data) // a client that has gone misses its answer
}

// giveBytes answers with as many bytes as it is asked for.
func giveBytes(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(r.PathValue("n"))
	w.Header().Set("Content-Length", strconv.Itoa(n))
	_, _ = w.Write(make([]byte, n)) // a client that has gone misses its answer
}
