package rig

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"sync"
)

// Caught is one letter that Mailbox took.
type Caught struct{ From, To, Text string }

// Mailbox is an SMTP server that keeps what it is given, and delivers nothing.
type Mailbox struct {
	At   string      // HOST:PORT
	C    chan Caught // every letter
	tls  *tls.Config
	from net.Listener

	mu   sync.Mutex // guards what follows
	says string
	auth []string
}

// NewMailbox opens a mailbox on this machine. With a certificate it offers STARTTLS and asks for it, or, if implicit is set, speaks TLS from
// the first byte.
func NewMailbox(secure *tls.Config, implicit bool) (*Mailbox, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	m := &Mailbox{At: l.Addr().String(), C: make(chan Caught, 100), tls: secure, from: l}
	if implicit {
		m.from, m.tls = tls.NewListener(l, secure), nil
	}
	go func() {
		for {
			c, err := m.from.Accept()
			if err != nil {
				return
			}
			go m.serve(c)
		}
	}()
	return m, nil
}

// Close ends it.
func (m *Mailbox) Close() error { return m.from.Close() }

// Answer lets it refuse every recipient in these words, such as "450 4.2.1 later"; empty: it takes all.
func (m *Mailbox) Answer(says string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.says = says
}

// Signed gives what was signed in with, as it came.
func (m *Mailbox) Signed() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.auth
}

func (m *Mailbox) serve(c net.Conn) {
	defer c.Close()
	in, safe := bufio.NewReader(c), m.tls == nil
	say := func(format string, args ...any) { fmt.Fprintf(c, format+"\r\n", args...) }
	var now Caught
	say("220 mailbox")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb, rest, _ := strings.Cut(line, " ")
		switch verb = strings.ToUpper(verb); {
		case verb == "EHLO" || verb == "HELO":
			say("250-mailbox")
			if !safe {
				say("250 STARTTLS")
			} else {
				say("250 AUTH PLAIN")
			}
		case verb == "STARTTLS":
			say("220 go on")
			c = tls.Server(c, m.tls)
			in, safe = bufio.NewReader(c), true
		case !safe && verb != "QUIT" && verb != "NOOP":
			say("530 5.7.0 STARTTLS first")
		case verb == "AUTH":
			m.mu.Lock()
			m.auth = append(m.auth, rest)
			m.mu.Unlock()
			say("235 2.7.0 ok")
		case verb == "MAIL":
			now = Caught{From: rest}
			say("250 ok")
		case verb == "RCPT":
			m.mu.Lock()
			says := m.says
			m.mu.Unlock()
			if now.To = rest; says == "" {
				says = "250 ok"
			}
			say("%s", says)
		case verb == "DATA":
			say("354 go on")
			var text strings.Builder
			for line := ""; line != ".\r\n"; text.WriteString(line) {
				if line, err = in.ReadString('\n'); err != nil {
					return
				}
			}
			now.Text = strings.TrimSuffix(text.String(), ".\r\n")
			m.C <- now
			say("250 2.0.0 taken")
		case verb == "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}
