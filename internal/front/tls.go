package front

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// look is how often certificate files are looked at.
const look = 30 * time.Second

// FromFiles encrypts with the certificate chain and key in two PEM files and reads them again when they change. It returns
// an error if they do not fit together now; later it goes on with the last pair that did, and logs the failure.
func FromFiles(certificate, key string, log *slog.Logger) (*tls.Config, error) {
	p := &pair{certificate: certificate, key: key}
	if err := p.read(); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return p.current(log), nil
	}}, nil
}

// pair is a certificate and its key as they were last read.
type pair struct {
	certificate, key string

	mu     sync.Mutex // guards what follows
	have   *tls.Certificate
	stamp  [2]time.Time // when the two files were last changed
	looked time.Time
}

func (p *pair) stamps() (s [2]time.Time, err error) {
	for i, file := range []string{p.certificate, p.key} {
		at, err := os.Stat(file)
		if err != nil {
			return s, err
		}
		s[i] = at.ModTime()
	}
	return s, nil
}

func (p *pair) read() error {
	stamp, err := p.stamps()
	if err != nil {
		return fmt.Errorf("reading the certificate: %w", err)
	}
	have, err := tls.LoadX509KeyPair(p.certificate, p.key)
	if err != nil {
		return fmt.Errorf("reading the certificate %s with the key %s: %w", p.certificate, p.key, err)
	}
	p.have, p.stamp, p.looked = &have, stamp, time.Now()
	return nil
}

func (p *pair) current(log *slog.Logger) *tls.Certificate {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.looked) < look {
		return p.have
	}
	p.looked = time.Now()
	stamp, err := p.stamps()
	if err == nil && stamp == p.stamp {
		return p.have
	}
	if err == nil {
		err = p.read()
	}
	if err != nil {
		log.Error("the new certificate cannot be used; going on with the old one", "err", err)
		return p.have
	}
	log.Info("a new certificate is in use")
	return p.have
}

// Authority is a certificate authority that speaks ACME, and what for.
type Authority struct {
	Host      string // the name to be certified
	Folder    string // keeps the account and the certificates
	Email     string // where the authority writes to; may be empty
	Directory string // the authority's address; empty: Let's Encrypt
	RootFile  string // the authority's own root certificate; may be empty
}

// FromAuthority encrypts with a certificate that it gets and renews by itself, by answering the authority's challenge
// (TLS-ALPN-01) on listener. It returns before there is one: until then, connections fail and the log says why. Its
// goroutines end when stop is called, which must be after ctx ends.
func FromAuthority(ctx context.Context, a Authority, listener net.Addr, log *slog.Logger) (config *tls.Config, stop func(), err error) {
	at, ok := listener.(*net.TCPAddr)
	if !ok {
		return nil, nil, errors.New("a certificate authority can be answered over TCP alone")
	}
	var roots *x509.CertPool
	if a.RootFile != "" {
		pem, err := os.ReadFile(a.RootFile)
		if err != nil {
			return nil, nil, fmt.Errorf("reading the authority's root: %w", err)
		}
		roots = x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return nil, nil, fmt.Errorf("%s holds no certificate in PEM form", a.RootFile)
		}
	}
	directory := a.Directory
	if directory == "" {
		directory = certmagic.LetsEncryptProductionCA
	}
	says := zap.New(toSlog{log: log})
	var magic *certmagic.Config
	cache := certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return magic, nil },
		Logger:           says,
	})
	magic = certmagic.New(cache, certmagic.Config{
		Storage: &certmagic.FileStorage{Path: a.Folder},
		OCSP:    certmagic.OCSPConfig{DisableStapling: true}, // authorities have given it up
		Logger:  says,
	})
	host := ""
	if !at.IP.IsUnspecified() {
		host = at.IP.String()
	}
	magic.Issuers = []certmagic.Issuer{certmagic.NewACMEIssuer(magic, certmagic.ACMEIssuer{
		CA: directory, Email: a.Email, Agreed: true, TrustedRoots: roots, Logger: says,
		DisableHTTPChallenge: true, // it would need a second port
		ListenHost:           host, AltTLSALPNPort: at.Port,
	})}
	if err := magic.ManageAsync(ctx, []string{a.Host}); err != nil {
		cache.Stop()
		return nil, nil, fmt.Errorf("asking for a certificate for %s: %w", a.Host, err)
	}
	config = magic.TLSConfig()
	config.MinVersion = tls.VersionTLS12
	config.NextProtos = append([]string{"h2", "http/1.1"}, config.NextProtos...)
	return config, cache.Stop, nil
}

// toSlog hands certmagic's log lines to ours, from warnings up.
type toSlog struct {
	log    *slog.Logger
	fields []zapcore.Field
}

func (t toSlog) Enabled(level zapcore.Level) bool { return level >= zapcore.WarnLevel }

func (t toSlog) With(fields []zapcore.Field) zapcore.Core {
	return toSlog{t.log, append(t.fields[:len(t.fields):len(t.fields)], fields...)}
}

func (t toSlog) Check(e zapcore.Entry, c *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if t.Enabled(e.Level) {
		return c.AddCore(e, t)
	}
	return c
}

func (t toSlog) Write(e zapcore.Entry, fields []zapcore.Field) error {
	flat := zapcore.NewMapObjectEncoder()
	for _, f := range append(t.fields[:len(t.fields):len(t.fields)], fields...) {
		f.AddTo(flat)
	}
	write := t.log.Warn
	if e.Level >= zapcore.ErrorLevel {
		write = t.log.Error
	}
	write("certificate: "+e.Message, "detail", flat.Fields)
	return nil
}

func (t toSlog) Sync() error { return nil }
