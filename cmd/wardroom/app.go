package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"wardroom/internal/config"
	"wardroom/internal/front"
	"wardroom/web"
)

const appUsage = `Serves the web client that this program carries on this machine, for a server elsewhere: that server cannot give you another client.

Usage:
  wardroom app URL    for the server at URL, such as https://chat.example.org

Open the address that it prints in a browser of this machine, and leave the program running as long as you use the client. The browser speaks with the server
itself: nothing of what it says passes through this program. Each server has an address of its own here, always the same, and so its own sign-in.

`

// How the client is told where its server is.
const appKey = "org.wardroom.app"

func app(ctx context.Context, args []string, out, errs io.Writer) error {
	is := command{"app", appUsage}
	flags := is.flags()
	listen := flags.String("listen", "", "`address` on this machine to serve the client at, HOST:PORT. Without it, 127.0.0.1 and a port that follows from the server's address")
	if err := is.parseUpto(1, flags, args, out); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	server, err := originOf(flags.Arg(0))
	if err != nil {
		return err
	}
	if *listen == "" {
		*listen = appAddress(server)
	}
	if !config.Local(*listen) {
		return fmt.Errorf("--listen %s is refused: other machines could connect there, and a browser trusts only this one without encryption. Use 127.0.0.1:PORT", *listen)
	}
	door := &front.Door{
		API: appAnswers(server), Client: web.Client(), Elsewhere: server, Health: http.NotFoundHandler(), Log: front.Log(slog.NewTextHandler(errs, nil)),
		Seen: func(string, string, int, time.Duration) {},
	}
	handler, err := door.Handler()
	if err != nil {
		return err
	}
	build, err := web.Build(door.Client)
	if err != nil {
		return err
	}
	at, err := net.Listen("tcp", *listen)
	if err != nil {
		return cannotListen(*listen, err)
	}
	fmt.Fprintf(out, "The web client for %s is at http://%s\nIt is build %s of version %s, out of this program, whatever that server serves.\n", server, at.Addr(), build, version)
	return serveAll(ctx, []opened{{front.Server(handler, nil, door.Log), at}})
}

// hostForm is what a host may look like: it becomes part of a header.
var hostForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(:[0-9]{1,5})?$`)

// originOf is the address of a server as a browser writes it.
func originOf(text string) (string, error) {
	u, err := url.Parse(text)
	switch {
	case text == "":
		return "", errors.New("say which server: wardroom app https://chat.example.org")
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/":
		return "", fmt.Errorf("%q is not the address of a server, such as https://chat.example.org", text)
	case u.Scheme == "http" && !config.Local(u.Host):
		return "", fmt.Errorf("%s is refused: the connection would not be encrypted. Use https", text)
	}
	host := strings.TrimSuffix(strings.ToLower(u.Host), map[string]string{"https": ":443", "http": ":80"}[u.Scheme])
	if !hostForm.MatchString(host) {
		return "", fmt.Errorf("%q is not the name of a server: write one in other letters in the form that begins with xn--", u.Host)
	}
	return u.Scheme + "://" + host, nil
}

// appAddress is where the client for a server is on this machine. A browser keeps what belongs to a sign-in by address, so it is always the same for
// one server, and not that of another; and below the ports that systems give away by themselves.
func appAddress(server string) string {
	sum := sha256.Sum256([]byte(server))
	return fmt.Sprintf("127.0.0.1:%d", 20000+binary.BigEndian.Uint16(sum[:])%10000)
}

// appAnswers tells the client where its server is, and nothing else.
func appAnswers(server string) http.Handler {
	says, err := json.Marshal(map[string]any{appKey: map[string]string{"base_url": server}})
	if err != nil {
		panic(err) // a string has a form in JSON
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/.well-known/matrix/client" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(says) // a client that has gone misses its answer
	})
}
