package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/sync/errgroup"

	"wardroom/internal/clientapi"
	"wardroom/internal/config"
	"wardroom/internal/front"
	"wardroom/internal/operate"
	"wardroom/internal/store"
	"wardroom/internal/stream"
	"wardroom/web"
)

// grace is how long requests may take to end when the server stops. Waits for news are cut short after a third of it.
const grace = 9 * time.Second

// server is what stands behind the doors.
type server struct {
	conf         *config.Config
	log          *slog.Logger
	db           *store.DB
	api          *clientapi.API
	files        string // where they are
	metrics      *operate.Metrics
	listener     net.Listener
	certificates *tls.Config // nil: connections are not encrypted here
}

// opened is a server and where it listens.
type opened struct {
	*http.Server
	at net.Listener
}

// doors opens the front door, and the operator's own where there is one.
func (s *server) doors() ([]opened, error) {
	page := s.page()
	door := &front.Door{
		API: s.api.Handler(), Client: web.Client(), HTTPS: s.certificates != nil || s.conf.TLS.From == config.Proxy, Log: s.log,
		Seen: s.metrics.Request, Health: page.Health.Handler(),
	}
	if s.conf.PublicURL == "" && s.conf.OperatorListen == "" {
		door.Operator = page.Handler()
	}
	handler, err := door.Handler()
	if err != nil {
		return nil, err
	}
	all := []opened{{front.Server(handler, s.certificates, s.log), s.listener}}
	if s.conf.OperatorListen != "" {
		second, err := net.Listen("tcp", s.conf.OperatorListen)
		if err != nil {
			return nil, fmt.Errorf("operator_listen: %w", cannotListen(s.conf.OperatorListen, err))
		}
		all = append(all, opened{front.Server(door.OperatorHandler(page.Handler()), nil, s.log), second})
	}
	return all, nil
}

// page is the operator's page.
func (s *server) page() *operate.Page {
	page := &operate.Page{
		Name: s.conf.Name, Version: version, Tables: store.Version(), Folder: s.conf.Data, Files: s.files, Database: store.File, Started: time.Now(),
		Health:  &operate.Health{Disk: s.db, Writable: s.db.Writable, Folder: s.conf.Data, Log: s.log},
		Metrics: s.metrics.Handler(), Services: s.api.Services.States, Ledger: s.api.Ledger, Desk: s.api.Desk,
		BackedUp: func(ctx context.Context) (at string, err error) {
			err = s.db.View(ctx, func(v stream.View) (err error) { at, _, err = s.db.Meta(v, store.BackedUpAt); return err })
			return at, err
		},
	}
	if s.conf.Database != "" {
		page.Address = config.Shown(s.conf.Database)
	}
	if s.certificates != nil {
		page.Certificate = s.certificate
	}
	return page
}

// certificate is the one that the server shows. Whether others trust it is for the doctor.
func (s *server) certificate(ctx context.Context) (*x509.Certificate, error) {
	public, err := url.Parse(s.conf.PublicURL)
	if err != nil {
		return nil, err
	}
	dialer := tls.Dialer{Config: &tls.Config{ServerName: public.Hostname(), InsecureSkipVerify: true}}
	c, err := dialer.DialContext(ctx, "tcp", s.listener.Addr().String())
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.(*tls.Conn).ConnectionState().PeerCertificates[0], nil
}

// serveAll serves until ctx ends, and then until the requests have been answered or grace is over.
func serveAll(ctx context.Context, doors []opened) error {
	requests, cutShort := context.WithCancel(context.WithoutCancel(ctx))
	defer cutShort()
	group, ctx := errgroup.WithContext(ctx)
	for _, d := range doors {
		d.BaseContext = func(net.Listener) context.Context { return requests }
		group.Go(func() (err error) {
			if d.TLSConfig != nil {
				err = d.ServeTLS(d.at, "", "")
			} else {
				err = d.Serve(d.at)
			}
			if errors.Is(err, http.ErrServerClosed) {
				return nil
			}
			return err
		})
	}
	for _, d := range doors {
		group.Go(func() error {
			<-ctx.Done()
			defer time.AfterFunc(grace/3, cutShort).Stop()
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
			defer cancel()
			if err := d.Shutdown(last); err != nil {
				return d.Close() // whoever has not taken their answer by now misses it
			}
			return nil
		})
	}
	return group.Wait()
}

// encryption is how connections to the listener at addr are encrypted; nil if they are not.
func encryption(ctx context.Context, conf *config.Config, addr net.Addr, log *slog.Logger) (certificates *tls.Config, stop func(), err error) {
	stop = func() {}
	switch conf.TLS.From {
	case config.Files:
		certificates, err = front.FromFiles(conf.TLS.Certificate, conf.TLS.Key, log)
	case config.ACME:
		public, bad := url.Parse(conf.PublicURL)
		if bad != nil {
			return nil, nil, bad
		}
		certificates, stop, err = front.FromAuthority(ctx, front.Authority{
			Host: public.Hostname(), Folder: conf.Certificates(), Email: conf.TLS.Email,
			Directory: conf.TLS.Authority, RootFile: conf.TLS.AuthorityRoot,
		}, addr, log)
	default:
		if !config.Local(addr.String()) && conf.TLS.From == config.Off {
			log.Warn("connections are not encrypted and other machines can connect: browsers will refuse encrypted chat there. Set public_url, or listen on localhost alone")
		}
	}
	return certificates, stop, err
}
