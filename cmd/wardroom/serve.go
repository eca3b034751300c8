package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

	"wardroom/internal/account"
	"wardroom/internal/clientapi"
	"wardroom/internal/config"
	"wardroom/internal/front"
	"wardroom/internal/ledger"
	"wardroom/internal/mail"
	"wardroom/internal/mxid"
	"wardroom/internal/operate"
	"wardroom/internal/push"
	"wardroom/internal/service"
	"wardroom/internal/store"
	"wardroom/internal/stream"
)

const serveUsage = `Starts the server. With nothing else it is for this machine alone and keeps everything in ./data.

Usage:
  wardroom serve [--data DIR] [--listen HOST:PORT]
  wardroom serve --config FILE

`

// serving is what serve was told.
type serving struct {
	config.Config
	at        place
	unlimited bool
}

// serveFlags reads the command line, and the file it names, over the defaults.
func serveFlags(args []string, out io.Writer) (serving, error) {
	is := command{"serve", serveUsage}
	flags := is.flags()
	s := serving{}
	flags.BoolVar(&s.unlimited, "unlimited", false, "lift all rate limits, for measurements; only where nobody but this machine can connect")
	var err error
	if s.Config, s.at, err = is.chosen(flags, args, out); err != nil {
		return s, err
	}
	if s.unlimited && !config.Local(s.Listen) {
		return s, fmt.Errorf("--unlimited is refused: %s can be reached from other machines. Use --listen 127.0.0.1:PORT with it", s.Listen)
	}
	if s.unlimited && s.TLS.From == config.Proxy {
		return s, errors.New("--unlimited is refused: tls.from is \"proxy\", so others reach this server through the proxy")
	}
	return s, nil
}

// chosen reads the command line, and the configuration file it names, over the defaults, and completes the configuration.
func (c command) chosen(flags *flag.FlagSet, args []string, out io.Writer) (config.Config, place, error) {
	conf := config.Default()
	file := flags.String("config", "", "configuration `file`; \"wardroom config print\" shows what it may say")
	data := flags.String("data", conf.Data, "`folder` for everything the server keeps")
	listen := flags.String("listen", conf.Listen, "`address` to listen on, HOST:PORT")
	if err := c.parse(flags, args, out); err != nil {
		return conf, place{}, err
	}
	var wrong error
	if *file != "" {
		conf, wrong = config.Read(*file)
	}
	flags.Visit(func(f *flag.Flag) { // what was said here wins over the file
		switch f.Name {
		case "data":
			conf.Data = *data
		case "listen":
			conf.Listen = *listen
		}
	})
	wrong = errors.Join(wrong, conf.Complete()) // all mistakes at once
	return conf, placeOf(&conf, *file, isSet(flags, "data")), wrong
}

func serve(ctx context.Context, args []string, out, errs io.Writer) (err error) {
	conf, err := serveFlags(args, out)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	defer runtime.KeepAlive(ballast())
	unlock, err := conf.at.enter(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	log := front.Log(slog.NewTextHandler(errs, nil))
	hub := stream.NewHub()
	listener, err := net.Listen("tcp", conf.Listen) // before the tables are brought up to date: what cannot run changes nothing
	if err != nil {
		return cannotListen(conf.Listen, err)
	}
	defer listener.Close()
	db, err := conf.at.open(ctx, conf.Redis != "", hub, out, log)
	if err != nil {
		return fmt.Errorf("%w\nMore about it says: wardroom doctor %s", err, conf.at.option)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	metrics := operate.NewMetrics(version)
	db.Committed = metrics.Commit

	certificates, stopCertificates, err := encryption(ctx, &conf.Config, listener.Addr(), log)
	if err != nil {
		return err
	}
	defer stopCertificates()

	bucket, err := conf.at.openFiles()
	if err != nil {
		return err
	}
	api := wire(db, bucket, hub, mxid.Server(conf.Name), int64(conf.UploadLimit)<<20)
	if err := afterRestore(ctx, db, api); err != nil {
		return err
	}
	others, err := besides(conf.Redis, hub, db, api, log)
	if err != nil {
		return err
	}
	api.Log, api.Unlimited = log, conf.unlimited
	api.Organisation = conf.Organisation
	api.PublicURL, api.Proxied = conf.PublicURL, conf.TLS.From == config.Proxy
	pushers, err := pushing(&conf.Config, db, api, hub, log)
	if err != nil {
		return err
	}
	services, err := registered(&conf.Config, db, api, hub, log)
	if err != nil {
		return err
	}
	record, err := recorded(&conf.Config, db, api, hub, log)
	if err != nil {
		return err
	}
	metrics.Ledger(func() (ledger.State, error) { return record.State(ctx) })
	metrics.Audit(api.Desk.Audited)
	letters := mailing(&conf.Config, db, hub, log, conf.URL(listener.Addr()))
	api.Accounts.Mail, api.Desk.Mail = letters, letters
	running := &server{&conf.Config, log, db, api, bucket.String(), metrics, listener, certificates}
	doors, err := running.doors()
	if err != nil {
		return err
	}
	defer func() {
		for _, d := range doors {
			d.at.Close()
		}
	}()

	// The writer outlives the requests: it stops when the last of them has been answered.
	writing, stopWriting := context.WithCancel(context.WithoutCancel(ctx))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return db.Run(writing) })
	group.Go(func() error { return api.Rooms.RunDelayed(ctx, log) })
	group.Go(func() error {
		defer stopWriting()
		if err := sameServer(ctx, db, conf.Name); err != nil {
			return err
		}
		if err := conf.at.bringFiles(ctx, out, db, bucket); err != nil {
			return err
		}
		if others != nil {
			key, err := oneOfSeveral(ctx, db, bucket)
			if err != nil {
				return err
			}
			api.Accounts.SignWith(key)
			group.Go(func() error { return others.Run(ctx, key) })
		}
		group.Go(func() error { // not before the files are known to be this server's: some are removed
			return tidy(ctx, log, func(context.Context) error { return tidyBackup(conf.Data) }, api.Devices.Prune, api.Backups.Prune, api.Media.Prune, api.Rooms.PruneDelayed, api.Cases.Prune, api.Cases.HandOver, api.Desk.Prune, api.Accounts.Tidy, letters.Tidy, api.Accounts.EndUnused)
		})
		if err := pushers.Prepare(ctx); err != nil {
			return err
		}
		if err := api.Accounts.PrepareServices(ctx); err != nil {
			return err
		}
		if err := services.Prepare(ctx); err != nil {
			return err
		}
		if err := record.Prepare(ctx); err != nil {
			return err
		}
		if err := recordClient(ctx, record); err != nil { // before it is served
			return err
		}
		if err := api.Devices.PrepareRecord(ctx); err != nil {
			return err
		}
		if err := welcome(ctx, out, db, api.Accounts, conf.URL(listener.Addr())); err != nil {
			return err
		}
		serving, ctx := errgroup.WithContext(ctx)
		serving.Go(func() error { return pushers.Run(ctx) })
		serving.Go(func() error { return services.Run(ctx) })
		serving.Go(func() error { return publishing(ctx, record, conf.Redis != "", log) })
		serving.Go(func() error { return api.Desk.RunAudits(ctx) })
		serving.Go(func() error { return carrying(ctx, api.Desk, conf.Redis != "", log) })
		serving.Go(func() error { return letters.Run(ctx) })
		serving.Go(func() error { return serveAll(ctx, doors) })
		return serving.Wait()
	})
	return group.Wait()
}

// ballast is memory that is only reserved: nothing is ever written there, so it takes none of the machine's. The collector of garbage runs when
// as much was allocated as is in use. A small server has little in use and collected many times a minute; with the ballast, not before 32 MiB
// more are garbage. A large one does not notice.
func ballast() []byte { return make([]byte, 32<<20) }

// pushing is what sends push notifications, as far as the configuration allows any.
func pushing(conf *config.Config, db *store.DB, api *clientapi.API, hub *stream.Hub, log *slog.Logger) (*push.Pushers, error) {
	hosts, err := config.ParseHosts(conf.Push)
	if err != nil {
		return nil, err
	}
	contact := conf.PublicURL
	if !strings.HasPrefix(contact, "https:") {
		contact = "https://" + conf.Name
	}
	p := &push.Pushers{Disk: db, Ears: api.Feed, Hub: hub, Log: log, Hosts: hosts, Contact: contact, Beside: conf.Redis != ""}
	api.Accounts.MayPush, api.Vapid = p.MayPush, p.Vapid
	return p, nil
}

// mailing is what sends mail, as far as the configuration says through whom. at is where people reach this server.
func mailing(conf *config.Config, db *store.DB, hub *stream.Hub, log *slog.Logger, at string) *mail.Outbox {
	return &mail.Outbox{Disk: db, Hub: hub, Log: log, Conf: conf.Mail, Organisation: conf.Organisation, Name: conf.Name, At: at, Beside: conf.Redis != ""}
}

// registered is what speaks to the application services that are registered.
func registered(conf *config.Config, db *store.DB, api *clientapi.API, hub *stream.Hub, log *slog.Logger) (*service.Services, error) {
	all, err := conf.ReadServices()
	if err != nil {
		return nil, err
	}
	s := &service.Services{All: all, Disk: db, Rooms: api.Rooms, Typing: api.Feed.Typing, Keys: api.Devices, Hub: hub, Log: log, Beside: conf.Redis != ""}
	api.Services, api.Accounts.Services, api.Rooms.Services = s, all, all
	return s, nil
}

// cannotListen says why nothing can listen at an address, and what to do.
func cannotListen(at string, err error) error {
	f := operate.Listening(at, err, false)
	return fmt.Errorf("nobody can connect at %s: %s %s", at, f.Says, f.Do)
}

// enter makes the data folder where there is none and takes it for one server alone. It returns an error that says what to do
// where a restore into it was cut off.
func (p place) enter(ctx context.Context) (leave func(), err error) {
	if err := p.refuse(ctx); err != nil { // before anything is put there
		return nil, err
	}
	if err := os.MkdirAll(p.data, 0o700); err != nil {
		return nil, fmt.Errorf("making the data folder: %w", err)
	}
	unlock, err := lock(filepath.Join(p.data, serveLock), fmt.Errorf("another server is using %s, or a restore into it is going on", p.data))
	if err != nil {
		return nil, err
	}
	err = p.refuse(ctx)
	if err == nil {
		_, err = p.clearHalf(ctx) // of a restore that is whole
	}
	if err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}

// open opens the store for a server, which may be one among several. What SQLite has in the folder of a server that is to use PostgreSQL is moved there first.
func (p place) open(ctx context.Context, among bool, hub *stream.Hub, out io.Writer, log *slog.Logger) (*store.DB, error) {
	if err := p.bring(ctx, out); err != nil {
		return nil, err
	}
	open := store.Open
	if among {
		open = store.OpenBeside
	}
	db, err := open(ctx, p.store(), hub, log)
	if err != nil {
		return nil, err
	}
	return db, p.note()
}

// afterRestore tells api what a restore from a backup has lost, if there was one.
func afterRestore(ctx context.Context, db *store.DB, api *clientapi.API) error {
	err := db.View(ctx, func(v stream.View) (err error) {
		api.Feed.Gaps, err = db.Gaps(v)
		api.Accounts.Lost = api.Feed.Gaps
		return err
	})
	if err != nil {
		return fmt.Errorf("reading what a restore has lost: %w", err)
	}
	return nil
}

// sameServer fixes the server's name when the server first starts, and refuses another one later.
func sameServer(ctx context.Context, db *store.DB, name string) error {
	return db.Do(ctx, func(u stream.Unit) error {
		have, ok, err := db.Meta(u, store.ServerName)
		if err != nil {
			return fmt.Errorf("reading the server's name: %w", err)
		}
		if !ok {
			return db.SetMeta(u, store.ServerName, name)
		}
		if have != name {
			return fmt.Errorf("this data belongs to the server %q, and the configuration says %q. The name is part of every account and every room and cannot change: "+
				"write name = %q in the configuration, or start the new server with another data folder", have, name, have)
		}
		return nil
	})
}

// welcome prints where the server is, and, as long as nobody has signed up, the link for the first person.
func welcome(ctx context.Context, out io.Writer, db *store.DB, accounts *account.Accounts, at string) error {
	err := db.Do(ctx, func(u stream.Unit) error { return db.SetMeta(u, store.ServedAt, at) })
	if err != nil {
		return fmt.Errorf("noting the address: %w", err)
	}
	first, err := accounts.FirstInvitation(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Wardroom is at %s\n", at)
	if first != "" {
		fmt.Fprintf(out, "Nobody has an account yet. The first person signs up here, once:\n  %s\n", inviteLink(at, first))
	}
	return nil
}
