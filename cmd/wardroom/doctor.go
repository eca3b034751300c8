package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/caddyserver/certmagic"

	"wardroom/internal/cluster"
	"wardroom/internal/config"
	"wardroom/internal/mail"
	"wardroom/internal/operate"
	"wardroom/internal/store"
)

const doctorUsage = `Looks at an installation and says what is wrong with it and what to do. It changes nothing.

Usage:
  wardroom doctor [--data DIR]
  wardroom doctor --config FILE

Run it as the user who runs the server. It ends with 1 if something is wrong.

`

func doctor(ctx context.Context, args []string, out io.Writer) error {
	is := command{"doctor", doctorUsage}
	conf, at, err := is.chosen(is.flags(), args, out)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	patient, err := installation(ctx, &conf, at)
	if err != nil {
		return err
	}
	wrong := 0
	for _, f := range patient.Examine(ctx) {
		fmt.Fprintf(out, "%-6s%s: %s\n", f.State, f.About, f.Says)
		if f.Do != "" {
			fmt.Fprintf(out, "      do: %s\n", f.Do)
		}
		if f.State == operate.Wrong {
			wrong++
		}
	}
	switch wrong {
	case 0:
		return nil
	case 1:
		return errors.New("one thing is wrong")
	default:
		return fmt.Errorf("%d things are wrong", wrong)
	}
}

// installation describes to the doctor what conf says.
func installation(ctx context.Context, conf *config.Config, at place) (*operate.Installation, error) {
	i := &operate.Installation{
		Data: conf.Data, Name: conf.Name, PublicURL: conf.PublicURL, Listen: []string{conf.Listen},
		Half:   at.refuse(ctx),
		Tables: func() error { return versioned(store.Current(ctx, at.store())) },
	}
	var err error
	if i.Services, err = conf.ReadServices(); err != nil {
		return nil, err
	}
	if i.Copies, err = forgotten(conf.Data); err != nil {
		return nil, err
	}
	sqlite, err := exists(filepath.Join(conf.Data, store.File))
	if err != nil {
		return nil, err
	}
	if sqlite || at.database != "" {
		i.Named = func() string {
			name, _ := store.Peek(ctx, at.store(), store.ServerName)
			return name
		}
		i.BackedUp = func() string {
			at, _ := store.Peek(ctx, at.store(), store.BackedUpAt) // a database that cannot be read is found elsewhere
			return at
		}
	}
	if there, err := exists(filepath.Join(conf.Data, serveLock)); err == nil && there {
		unlock, err := lock(filepath.Join(conf.Data, serveLock), errServing)
		if i.Serving = errors.Is(err, errServing); err == nil {
			unlock()
		}
	}
	if at.database == "" {
		i.Database = func() error { return store.Check(ctx, conf.Data, true) }
	} else {
		i.Postgres = func() (*operate.Postgres, error) {
			f, err := store.Look(ctx, at.database)
			return &operate.Postgres{
				Version: f.Version, Fsync: f.Fsync, FullPageWrites: f.FullPageWrites, SynchronousCommit: f.SynchronousCommit,
				Connections: f.Connections, Open: f.Open, Needed: f.Needed, Limit: f.Limit, Ahead: f.Ahead, Size: f.Size, Encrypted: f.Encrypted,
				Folder: f.Folder, Local: config.OnThisMachine(at.database), Serving: i.Serving,
			}, err
		}
	}
	if conf.Mail.On() {
		i.Mail, i.TryMail = conf.Mail, (&mail.Outbox{Conf: conf.Mail, Name: conf.Name}).Try
	}
	if conf.Redis != "" {
		i.Redis = func() error { return cluster.Ping(ctx, conf.Redis) }
	}
	if at.files != "" {
		i.Files = func() error { return at.probe(ctx, sqlite || at.database != "") }
	}
	if conf.OperatorListen != "" {
		i.Listen = append(i.Listen, conf.OperatorListen)
	}
	var roots *x509.CertPool
	switch conf.TLS.From {
	case config.Files:
		i.Certificate, i.Key = conf.TLS.Certificate, conf.TLS.Key
	case config.ACME:
		if i.Authority = conf.TLS.Authority; i.Authority == "" {
			i.Authority = certmagic.LetsEncryptProductionCA
		}
		if conf.TLS.AuthorityRoot != "" {
			pem, err := os.ReadFile(conf.TLS.AuthorityRoot)
			if err != nil {
				return nil, err
			}
			if roots, err = x509.SystemCertPool(); err != nil {
				roots = x509.NewCertPool()
			}
			roots.AppendCertsFromPEM(pem)
		}
	}
	i.Client = &http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: roots}},
	}
	return i, nil
}

// versioned is err if it is about the version of the tables, or about that there are none.
func versioned(err error) error {
	var version *store.VersionError
	if errors.As(err, &version) {
		return version
	}
	if errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// forgotten lists what backups that were cut off have left; nothing while one is being made.
func forgotten(data string) ([]string, error) {
	file := filepath.Join(data, backupLock)
	if there, err := exists(file); err != nil || !there {
		return nil, nil // a folder that cannot be read is found elsewhere
	}
	unlock, err := lock(file, errBackingUp)
	if err != nil {
		return nil, nil
	}
	defer unlock()
	return leftByBackup(data)
}
