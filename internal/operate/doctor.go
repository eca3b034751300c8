package operate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"wardroom/internal/config"
)

// State is how grave a finding is.
type State int

// The states of a finding.
const (
	Fine  State = iota
	Look        // it works; somebody should look at it
	Wrong       // it does not work, or soon will not
)

// String is the state in a word.
func (s State) String() string { return [...]string{"ok", "look", "wrong"}[s] }

// Finding is what was found about one thing.
type Finding struct {
	About string
	State State
	Says  string
	Do    string // what to do; empty where nothing is to be done
}

// Installation is what the doctor looks at. What is left empty is not looked at.
type Installation struct {
	Data        string // the data folder
	Name        string // the server's name
	PublicURL   string // where people reach it
	Listen      []string
	Certificate string                      // PEM file, where the server has one of its own
	Key         string                      // its key
	Authority   string                      // address of the certificate authority, where there is one
	Serving     bool                        // a server is using the folder now
	Client      *http.Client                // asks the public address
	Half        error                       // what a restore that was cut off has left in the data folder, in words that say what to do
	Copies      []string                    // what a backup that was cut off has left
	Named       func() string               // which server's data the folder holds; empty: nobody's yet
	Tables      func() error                // looks whether the tables are of this program's version
	Database    func() error                // looks for damage
	Postgres    func() (*Postgres, error)   // asks the PostgreSQL server that has the database
	Redis       func() error                // asks the Redis server through which several servers hear of each other
	Files       func() error                // writes, reads and removes a file in the bucket that files are in
	Services    config.Services             // the application services
	Mail        config.Mail                 // how mail is sent, if it is
	TryMail     func(context.Context) error // signs in to the SMTP server and sends nothing
	BackedUp    func() string               // when the last backup was made, RFC 3339; empty: never
}

// Examine looks at everything and returns what it found, in the order in which to read it.
func (i *Installation) Examine(ctx context.Context) []Finding {
	all := slices.Concat(i.clock(ctx), i.folder(), i.limits())
	if i.Half != nil {
		all = append(all, Finding{"restore", Wrong, sentence(i.Half), "As it says. Until then no server starts there."})
	}
	if i.Postgres != nil {
		all = append(all, i.postgres()...)
	}
	if i.Database != nil {
		all = append(all, i.database())
	}
	if i.Redis != nil {
		if err := i.Redis(); err != nil {
			all = append(all, Finding{"Redis", Wrong, sentence(err), "Start it, and let this machine connect to it; look at redis in the configuration. Without it nothing is lost, but people at the other servers learn of everything up to a second later."})
		} else {
			all = append(all, fine("Redis", "It answers."))
		}
	}
	if i.Files != nil {
		all = append(all, i.bucket())
	}
	all = append(all, i.services(ctx)...)
	all = append(all, i.mail(ctx)...)
	if len(i.Copies) > 0 {
		all = append(all, Finding{"backup", Look, "A backup was cut off and has left " + strings.Join(i.Copies, " and ") + ".",
			"Nothing: the next backup removes it, and so does the server, when it starts and every hour."})
	}
	if i.BackedUp != nil {
		all = append(all, LastBackup(i.BackedUp()))
	}
	for _, at := range i.Listen {
		all = append(all, i.port(at))
	}
	if i.Certificate != "" {
		all = append(all, i.certificate())
	}
	switch {
	case i.PublicURL != "":
		all = append(all, i.public(ctx)...)
	case i.Certificate != "":
	case slices.ContainsFunc(i.Listen[:min(1, len(i.Listen))], func(at string) bool { return !config.Local(at) }):
		all = append(all, Finding{"public address", Wrong, "There is none, and other machines can connect to " + i.Listen[0] + " without encryption: browsers refuse encrypted chat there.",
			"Set public_url to the address that people type, beginning with https; or listen on localhost alone."})
	default:
		all = append(all, fine("public address", "There is none: the server is for this machine alone."))
	}
	return all
}

func fine(about, format string, args ...any) Finding {
	return Finding{about, Fine, fmt.Sprintf(format, args...), ""}
}

// clock compares the clock with whatever knows the time.
func (i *Installation) clock(ctx context.Context) []Finding {
	const about = "clock"
	var found []Finding
	if i.Authority != "" {
		theirs, err := i.date(ctx, i.Authority)
		if err != nil {
			found = append(found, Finding{"certificate authority", Wrong, fmt.Sprintf("%s does not answer: %v.", i.Authority, errors.Unwrap(err)),
				"Without it no certificate is made or renewed. Let this machine connect to it, through the firewall of this machine and of the network; look at tls.authority."})
		} else {
			found = append(found, fine("certificate authority", "It answers."))
			off := time.Since(theirs).Abs()
			if off > time.Minute {
				return append(found, Finding{about, Wrong, fmt.Sprintf("The clock is %s off, compared with the certificate authority.", off.Round(time.Second)),
					"Install and start a time service (on Debian: apt-get install systemd-timesyncd)."})
			}
			return append(found, fine(about, "It agrees with the certificate authority's to %s.", max(off, time.Second).Round(time.Second)))
		}
	}
	synced, known := synchronised()
	switch {
	case !known:
		return append(found, fine(about, "It says %s (UTC). Whether that is right cannot be seen from here.", time.Now().UTC().Format(time.DateTime)))
	case !synced:
		return append(found, Finding{about, Look, fmt.Sprintf("Nothing keeps it right, as far as the kernel knows. It says %s (UTC).", time.Now().UTC().Format(time.DateTime)),
			"Compare it with another clock. Install a time service (on Debian: apt-get install systemd-timesyncd), unless the host of this machine keeps the time."})
	}
	return append(found, fine(about, "A time service keeps it right."))
}

// date is the time that a server gives with its answers.
func (i *Installation) date(ctx context.Context, address string) (time.Time, error) {
	resp, err := i.get(ctx, address)
	if err != nil {
		return time.Time{}, err
	}
	resp.Body.Close()
	return http.ParseTime(resp.Header.Get("Date"))
}

func (i *Installation) get(ctx context.Context, address string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	return i.Client.Do(req)
}

// folder looks at the data folder: is it there, private, writable, fast, and is there space.
func (i *Installation) folder() []Finding {
	const about = "data folder"
	info, err := os.Stat(i.Data)
	if errors.Is(err, os.ErrNotExist) {
		return []Finding{{about, Look, i.Data + " is not there yet.", "Nothing, if the server has never run: it makes the folder. Otherwise name the right folder with --data or in the configuration."}}
	}
	if err != nil || !info.IsDir() {
		return []Finding{{about, Wrong, fmt.Sprintf("%s is no folder that can be read: %v.", i.Data, err), "Run this as the user who runs the server."}}
	}
	var found []Finding
	if loose := info.Mode().Perm() & 0o077; loose != 0 {
		found = append(found, Finding{about, Wrong, fmt.Sprintf("Other users of this machine can open it (mode %#o).", info.Mode().Perm()), "chmod 700 " + i.Data})
	}
	if f, bad := network(i.Data); bad {
		found = append(found, Finding{about, Wrong, "It is on a network filesystem (" + f + "), where the database cannot be sure of its locks and of its syncs.", "Move it to a disk of this machine."})
	}
	took, err := syncTime(i.Data)
	if err != nil {
		return append(found, Finding{about, Wrong, fmt.Sprintf("Nothing can be written there: %v.", err), "Run this as the user who runs the server; look at the owner of the folder and at the space on the disk."})
	}
	if took > 20*time.Millisecond {
		found = append(found, Finding{about, Look, fmt.Sprintf("A sync takes %s. Each message waits for one.", took.Round(time.Millisecond/10)), "A solid-state disk needs about one millisecond; use one if many people write at once."})
	} else {
		found = append(found, fine(about, "It can be written, and a sync takes %s.", took.Round(time.Millisecond/10)))
	}
	free, total, err := space(i.Data)
	if err != nil {
		return append(found, Finding{"space", Look, fmt.Sprintf("How much space is left cannot be seen: %v.", err), ""})
	}
	return append(found, Space(free, total))
}

// Space judges how much space is left.
func Space(free, total uint64) Finding {
	f := fine("space", "%s of %s are free.", bytesText(free), bytesText(total))
	const do = "Make space, or move the data folder to a larger disk. A full disk loses nothing, but nobody can write."
	switch {
	case free < lowSpace:
		f.State, f.Do = Wrong, do
	case free < 2<<30 || free < total/20:
		f.State, f.Do = Look, do
	}
	return f
}

// syncTime is the median time to write 4 KiB at the end of a file in folder and sync it.
func syncTime(folder string) (time.Duration, error) {
	f, err := os.CreateTemp(folder, "doctor-*")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	var took []time.Duration
	for range 15 {
		start := time.Now()
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}

// limits looks at how many connections the system allows.
func (i *Installation) limits() []Finding {
	const about = "open files"
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return nil
	}
	if n := uint64(l.Cur); n < 4096 {
		return []Finding{{about, Look, fmt.Sprintf("This user may have %d files and connections open at once; each waiting device needs one.", n), "Raise the limit: LimitNOFILE=65536 in the systemd unit, or ulimit -n 65536."}}
	}
	return []Finding{fine(about, "This user may have %d files and connections open at once.", l.Cur)}
}

func (i *Installation) postgres() []Finding {
	const about = "database"
	p, err := i.Postgres()
	if err != nil {
		return []Finding{{"PostgreSQL", Wrong, sentence(err), "As it says. Until then no server starts."}}
	}
	found := p.Examine()
	if i.Tables != nil {
		err = i.Tables()
	}
	if errors.Is(err, os.ErrNotExist) {
		return append(found, fine(about, "There is nothing in it yet."))
	}
	return append(found, i.belongs("It can be read."))
}

func (i *Installation) database() Finding {
	const about = "database"
	err := i.Database()
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fine(about, "There is none yet.")
	case err != nil:
		return Finding{about, Wrong, err.Error(), "Stop the server, keep a copy of the folder, and restore the last backup: wardroom restore. Test the disk."}
	}
	return i.belongs("No damage was found.")
}

// belongs looks whose the database is and whether this program works with it. well is what was found so far.
func (i *Installation) belongs(well string) Finding {
	const about = "database"
	if i.Tables != nil {
		if err := i.Tables(); err != nil {
			return Finding{about, Look, well + " " + sentence(err), "As it says; make a backup with the program that has used it so far."}
		}
	}
	if i.Named != nil {
		if name := i.Named(); name != "" && name != i.Name {
			return Finding{about, Wrong, fmt.Sprintf("%s But it belongs to the server %q, and the configuration says %q.", well, name, i.Name),
				fmt.Sprintf("Write name = %q in the configuration, or name the right folder. The name is part of every account and every room and cannot change.", name)}
		}
	}
	return fine(about, "%s", well)
}

func (i *Installation) bucket() Finding {
	if err := i.Files(); err != nil {
		return Finding{"files", Wrong, sentence(err), "Look at files in the configuration, at the bucket, and at what its key may do: s3:PutObject, s3:GetObject, s3:DeleteObject and s3:AbortMultipartUpload " +
			"with the objects, s3:ListBucket and s3:ListBucketMultipartUploads with the bucket. Until then no server starts, and people can neither send nor open files."}
	}
	return fine("files", "They can be written to the bucket, read and removed.")
}

// sentence is what an error says, from a capital letter to a full stop.
func sentence(err error) string {
	text := strings.TrimSuffix(err.Error(), ".")
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// LastBackup judges when the last backup was made; at is RFC 3339, or empty for never.
func LastBackup(at string) Finding {
	const about = "backup"
	const do = "wardroom backup --data DIR --to FILE --recipient age1…, every night; keep the files on another machine."
	made, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return Finding{about, Look, "No backup was ever made.", do}
	}
	age := time.Since(made)
	says := fmt.Sprintf("The last one was made on %s (UTC).", made.UTC().Format("2006-01-02 15:04"))
	if age > 7*24*time.Hour {
		return Finding{about, Look, says, do}
	}
	return fine(about, "%s", says)
}

// port tries to listen at an address.
func (i *Installation) port(at string) Finding {
	about := "port " + at
	l, err := net.Listen("tcp", at)
	if err != nil {
		return Listening(at, err, i.Serving)
	}
	l.Close()
	return fine(about, "It is free for the server.")
}

// Listening explains why nothing can listen at an address; serving: a server that should is running.
func Listening(at string, err error, serving bool) Finding {
	about := "port " + at
	var noName *net.DNSError
	switch {
	case errors.Is(err, syscall.EADDRINUSE) && serving:
		return fine(about, "The running server has it.")
	case errors.Is(err, syscall.EADDRINUSE):
		return Finding{about, Wrong, "Another program has it.", "Find it with ss -ltnp, and stop it or choose another port."}
	case errors.Is(err, syscall.EACCES):
		return Finding{about, Wrong, "This user may not listen there.", "Ports below 1024 need leave: AmbientCapabilities=CAP_NET_BIND_SERVICE in the systemd unit, or setcap cap_net_bind_service+ep on the program."}
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return Finding{about, Wrong, "This machine does not have that address.", "Listen on an address of this machine, or on all with an empty host, such as :443."}
	case errors.As(err, &noName):
		return Finding{about, Wrong, "The name before the colon is not known.", "Listen on an address of this machine, or on all with an empty host, such as :443."}
	default:
		return Finding{about, Wrong, err.Error() + ".", "Correct the address: --listen, or listen in the configuration."}
	}
}

// certificate looks at the server's own certificate files.
func (i *Installation) certificate() Finding {
	const about = "certificate files"
	pair, err := tls.LoadX509KeyPair(i.Certificate, i.Key)
	if err != nil {
		return Finding{about, Wrong, err.Error() + ".", "The certificate must be a chain in PEM form, its own certificate first, and the key must belong to it."}
	}
	host := ""
	if u, err := url.Parse(i.PublicURL); err == nil {
		host = u.Hostname()
	}
	return judge(about, pair.Leaf, host, "Put a new certificate in its place; the running server takes it up by itself.")
}

// judge looks at a certificate's dates and names.
func judge(about string, c *x509.Certificate, host, do string) Finding {
	left := time.Until(c.NotAfter)
	until := c.NotAfter.UTC().Format(time.DateOnly)
	switch {
	case left < 0:
		return Finding{about, Wrong, "It ended on " + until + ".", do}
	case time.Until(c.NotBefore) > 0:
		return Finding{about, Wrong, "It is not valid before " + c.NotBefore.UTC().Format(time.DateTime) + ".", "Look at the clock of this machine."}
	case host != "" && c.VerifyHostname(host) != nil:
		return Finding{about, Wrong, fmt.Sprintf("It is not for %s, but for %s.", host, strings.Join(c.DNSNames, ", ")), do}
	case left < 14*24*time.Hour:
		return Finding{about, Look, "It ends on " + until + ".", do}
	}
	return fine(about, "It is valid until %s.", until)
}

// public asks the server at its public address.
func (i *Installation) public(ctx context.Context) []Finding {
	const about = "public address"
	public, err := url.Parse(i.PublicURL)
	if err != nil {
		return []Finding{{about, Wrong, err.Error() + ".", "Correct public_url in the configuration."}}
	}
	var found []Finding
	resp, err := i.get(ctx, i.PublicURL+"/_matrix/client/versions")
	if err != nil {
		return append(found, unreachable(about, public, err, i.Serving))
	}
	defer resp.Body.Close()
	var versions struct {
		Versions []string `json:"versions"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&versions); err != nil || resp.StatusCode != http.StatusOK || len(versions.Versions) == 0 {
		found = append(found, Finding{about, Wrong, fmt.Sprintf("Something answers at %s (status %d), but it is not Wardroom.", i.PublicURL, resp.StatusCode),
			"Look at what the host name points to, and at the reverse proxy if there is one: it must hand every path on unchanged."})
	} else {
		found = append(found, fine(about, "The server answers at %s.", i.PublicURL))
	}
	if resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0 {
		found = append(found, judge("certificate", resp.TLS.PeerCertificates[0], public.Hostname(), "It should have been renewed by now: look into the server's log for \"certificate\"."))
	}
	return append(found, i.wellKnown(ctx, public))
}

// unreachable explains why the public address does not answer.
func unreachable(about string, public *url.URL, err error, serving bool) Finding {
	f := Finding{About: about, State: Wrong}
	var noName *net.DNSError
	var noTrust x509.UnknownAuthorityError
	var otherName x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &noName):
		f.Says, f.Do = fmt.Sprintf("The name %s is not known.", public.Hostname()), "Add it to the DNS: an A and an AAAA record with the addresses of this machine."
	case errors.As(err, &noTrust):
		f.Says, f.Do = "Its certificate was not made by an authority that this machine trusts.", "Browsers will refuse it too, unless the authority is installed on every device. With tls.from = \"acme\" the server gets one that everybody trusts."
	case errors.As(err, &otherName):
		f.Says, f.Do = "Its certificate is for another name.", "Look at what the host name points to, and at the certificate of the reverse proxy if there is one."
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		f.Says, f.Do = "Its certificate has ended, or the clock of this machine is wrong.", "Renew the certificate. With tls.from = \"acme\" look into the server's log for \"certificate\"."
	case !serving:
		f.Says, f.Do = "Nothing answers, and no server is running on this data folder.", "Start it, and run this again."
	default:
		f.Says, f.Do = fmt.Sprintf("It does not answer: %v.", errors.Unwrap(err)), "Let TCP connections in, through the firewall of this machine and of the network: port "+portOf(public)+"."
	}
	return f
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "http":
		return "80"
	default:
		return "443"
	}
}

// wellKnown looks whether clients that are told the server's name find its address.
func (i *Installation) wellKnown(ctx context.Context, public *url.URL) Finding {
	const about = ".well-known"
	at := "https://" + i.Name + "/.well-known/matrix/client"
	if i.Name == public.Hostname() || i.Name == public.Host {
		at = i.PublicURL + "/.well-known/matrix/client"
	}
	want := fmt.Sprintf(`{"m.homeserver": {"base_url": %q}}`, i.PublicURL)
	do := fmt.Sprintf("Let the web server of %s answer %s with %s, the header Access-Control-Allow-Origin: * and the type application/json. Until then, people type %s into other Matrix clients.", i.Name, at, want, i.PublicURL)
	resp, err := i.get(ctx, at)
	if err != nil {
		return Finding{about, Look, fmt.Sprintf("%s does not answer.", at), do}
	}
	defer resp.Body.Close()
	var told struct {
		Server struct {
			URL string `json:"base_url"`
		} `json:"m.homeserver"`
	}
	err = json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&told)
	switch {
	case err != nil || resp.StatusCode != http.StatusOK || told.Server.URL == "":
		return Finding{about, Look, fmt.Sprintf("%s does not say where the server is (status %d).", at, resp.StatusCode), do}
	case strings.TrimRight(told.Server.URL, "/") != i.PublicURL:
		return Finding{about, Wrong, fmt.Sprintf("%s says that the server is at %s.", at, told.Server.URL), do}
	case resp.Header.Get("Access-Control-Allow-Origin") != "*":
		return Finding{about, Look, at + " lacks the header that lets web clients read it.", do}
	}
	return fine(about, "Clients that are told %q find the server.", i.Name)
}
