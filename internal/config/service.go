package config

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"wardroom/internal/mxid"
)

// Service is an application service: a bot or a bridge that acts through accounts of its own.
//
// Spec: application service API, "Registration".
type Service struct {
	ID      string
	URL     string    // where it is told of events, without a "/" at its end; empty: nowhere
	Sender  mxid.User // who it is where it does not say as whom it acts
	Users   []Namespace
	Aliases []Namespace
	Limited bool // its accounts but Sender are counted by the limits that hold for people

	Ephemeral    bool // it is told of typing and receipts
	OldEphemeral bool // by the name that this had before it was in the specification, too
	Encrypts     bool // it is told what its accounts' devices need to encrypt: messages to them, whose keys changed, how many keys are left

	File string // that it was read from

	asToken [32]byte // the hash of what it shows to this server
	hsToken string   // what this server shows to it
}

// Namespace is a part of the user IDs or addresses of rooms.
type Namespace struct {
	Exclusive bool // nobody else takes a name in it

	pattern *regexp.Regexp
}

// Services are all application services, by their ID. They do not change while the server runs.
type Services []*Service

const (
	minServiceToken = 32  // characters
	maxServiceID    = 100 // bytes; it stands in paths, and in what people see
	maxRegistration = 1 << 20
	maxNamespaces   = 100
)

// registration is a registration file. What it has beyond these fields is for other servers.
type registration struct {
	ID         string    `yaml:"id"`
	URL        yaml.Node `yaml:"url"`
	ASToken    string    `yaml:"as_token"`
	HSToken    string    `yaml:"hs_token"`
	Sender     string    `yaml:"sender_localpart"`
	Limited    *bool     `yaml:"rate_limited"`
	Ephemeral  bool      `yaml:"receive_ephemeral"`
	MSC2409    bool      `yaml:"de.sorunome.msc2409.push_ephemeral"`
	MSC3202    bool      `yaml:"org.matrix.msc3202"`
	Namespaces *struct {
		Users   []namespace `yaml:"users"`
		Aliases []namespace `yaml:"aliases"`
		Rooms   []namespace `yaml:"rooms"`
	} `yaml:"namespaces"`
}

type namespace struct {
	Regex     string `yaml:"regex"`
	Exclusive bool   `yaml:"exclusive"`
}

// ReadServices reads the registration files in the folder Services. It returns all mistakes, joined; each names its file.
func (c *Config) ReadServices() (Services, error) {
	if c.Services == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(c.Services)
	if err != nil {
		return nil, fmt.Errorf("%w; name the folder that the registration files are in", err)
	}
	var all Services
	var wrong []error
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); ext != ".yaml" && ext != ".yml" || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		file := filepath.Join(c.Services, e.Name())
		text, err := readRegistration(file)
		if err == nil {
			var s *Service
			if s, err = ParseService(text, mxid.Server(c.Name)); err == nil {
				s.File = file
				all = append(all, s)
			}
		}
		for _, one := range unjoined(err) {
			wrong = append(wrong, fmt.Errorf("%s: %w", file, one))
		}
	}
	for i, s := range all {
		for _, other := range all[:i] {
			switch {
			case s.ID == other.ID:
				wrong = append(wrong, fmt.Errorf("%s: the id %q is that of %s as well; each service has its own", s.File, s.ID, other.File))
			case s.asToken == other.asToken:
				wrong = append(wrong, fmt.Errorf("%s: the as_token is that of %s as well; make another one", s.File, other.File))
			case s.Sender == other.Sender:
				wrong = append(wrong, fmt.Errorf("%s: the sender_localpart is that of %s as well; each service has its own", s.File, other.File))
			}
		}
	}
	if wrong != nil {
		return nil, errors.Join(wrong...)
	}
	slices.SortFunc(all, func(a, b *Service) int { return strings.Compare(a.ID, b.ID) })
	return all, nil
}

func readRegistration(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxRegistration) {
		err = errors.New("is no registration file: it is too large, or no file at all")
	}
	if err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err // the name is said already
		}
		return nil, err
	}
	return os.ReadFile(file)
}

// ParseService reads the registration of a service on server. It returns all mistakes, joined.
func ParseService(text []byte, server mxid.Server) (*Service, error) {
	var r registration
	if err := yaml.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("is no registration in YAML: %s", strings.ReplaceAll(strings.TrimPrefix(err.Error(), "yaml: "), "\n", " "))
	}
	var wrong []error
	say := func(field, format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("%s: %s", field, fmt.Sprintf(format, args...)))
	}
	s := &Service{ID: r.ID, Limited: r.Limited == nil || *r.Limited, asToken: sha256.Sum256([]byte(r.ASToken)), hsToken: r.HSToken,
		Ephemeral: r.Ephemeral || r.MSC2409, OldEphemeral: r.MSC2409, Encrypts: r.MSC3202}
	if r.ID == "" || len(r.ID) > maxServiceID || strings.ContainsFunc(r.ID, unicode.IsControl) {
		say("id", "is missing, longer than %d bytes, or has line breaks in it; write a short name that never changes", maxServiceID)
	}
	for _, t := range []struct{ name, token string }{{"as_token", r.ASToken}, {"hs_token", r.HSToken}} {
		if len(t.token) < minServiceToken || strings.ContainsFunc(t.token, func(r rune) bool { return r <= ' ' || r > '~' }) {
			say(t.name, "must have %d letters and digits or more, so that nobody guesses it; \"openssl rand -hex 32\" makes one. The service needs the same", minServiceToken)
		}
	}
	if r.ASToken != "" && r.ASToken == r.HSToken {
		say("hs_token", "is the same as as_token; make another one, or whoever gets what this server sends can act as the service")
	}
	var err error
	if s.Sender, err = mxid.NewUser(r.Sender, server); err != nil {
		say("sender_localpart", "%q cannot be the name of an account; write small letters, digits and . _ = - / +, without @ and server", r.Sender)
	}
	if s.URL, err = serviceURL(&r.URL); err != nil {
		say("url", "%v", err)
	}
	if r.Namespaces == nil {
		say("namespaces", "are missing; where the service has no other account than its sender_localpart, write namespaces: {}")
		return nil, errors.Join(wrong...)
	}
	s.Users = namespaces("users", "@", r.Namespaces.Users, server, say)
	s.Aliases = namespaces("aliases", "#", r.Namespaces.Aliases, server, say)
	namespaces("rooms", "!", r.Namespaces.Rooms, server, say) // a service is told of no room that it is not in, whatever stands there
	if wrong != nil {
		return nil, errors.Join(wrong...)
	}
	return s, nil
}

func serviceURL(n *yaml.Node) (string, error) {
	var text *string
	if n.IsZero() {
		return "", errors.New("is missing; write where the service listens, or null where it does not")
	}
	if err := n.Decode(&text); err != nil {
		return "", errors.New("is neither an address nor null")
	}
	if text == nil || *text == "" {
		return "", nil
	}
	u, err := url.Parse(*text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%q is not an address such as http://localhost:29318; write where the service listens, or null where it does not", *text)
	}
	return strings.TrimRight(*text, "/"), nil
}

// anybody are names that have nothing in common: what matches them all matches everything.
var anybody = []string{"a-7k3v9x2", "lin", "q9m4.t1", "z0"}

// namespaces reads one of the lists of namespaces. One that holds every name there can be is refused: a service has a part of its own, and
// does not listen to everything.
func namespaces(name, sigil string, list []namespace, server mxid.Server, say func(field, format string, args ...any)) (all []Namespace) {
	if len(list) > maxNamespaces {
		say("namespaces."+name, "are more than %d", maxNamespaces)
		return nil
	}
	for _, n := range list {
		pattern, err := regexp.Compile("^(?:" + n.Regex + ")")
		if n.Regex == "" || err != nil {
			say("namespaces."+name, "%q is not a regular expression that can be used here (the syntax is RE2: no looking ahead or back): %v", n.Regex, err)
			continue
		}
		if !slices.ContainsFunc(anybody, func(name string) bool { return !pattern.MatchString(sigil + name + ":" + string(server)) }) {
			say("namespaces."+name, "%q matches everything. A service has names of its own, such as those that begin with %sservice_, and cannot act as people here, "+
				"nor listen in rooms that none of its accounts is in. Write a narrower one, or leave it out", n.Regex, sigil)
			continue
		}
		all = append(all, Namespace{n.Exclusive, pattern})
	}
	return all
}

// unjoined gives the mistakes that errors.Join has joined.
func unjoined(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err != nil {
		return []error{err}
	}
	return nil
}

// ByToken gives the service whose as_token this is, nil if it is nobody's. It takes as long for one that is nearly right as for another.
func (all Services) ByToken(token string) (found *Service) {
	hash := sha256.Sum256([]byte(token))
	for _, s := range all {
		if subtle.ConstantTimeCompare(s.asToken[:], hash[:]) == 1 {
			found = s
		}
	}
	return found
}

// ByID gives the service called id, nil if there is none.
func (all Services) ByID(id string) *Service {
	for _, s := range all {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// Keeps reports whether a service keeps the name of user for itself: nobody else gets an account of that name.
func (all Services) Keeps(user mxid.User) bool {
	return slices.ContainsFunc(all, func(s *Service) bool {
		return user == s.Sender || slices.ContainsFunc(s.Users, func(n Namespace) bool { return n.Exclusive && n.pattern.MatchString(string(user)) })
	})
}

// MayName reports whether whoever service's account is, or a person where service is empty, may give a room the address alias: in a
// service's own part nobody but that service, where it wants that, and outside of it no service.
func (all Services) MayName(service string, alias mxid.Alias) bool {
	for _, s := range all {
		for _, n := range s.Aliases {
			if n.pattern.MatchString(string(alias)) && (s.ID == service || n.Exclusive) {
				return s.ID == service
			}
		}
	}
	return service == ""
}

// Names reports whether user is a name that the service's accounts may have.
func (s *Service) Names(user mxid.User) bool {
	return user == s.Sender || slices.ContainsFunc(s.Users, func(n Namespace) bool { return n.pattern.MatchString(string(user)) })
}

// NamesRoom reports whether alias is in the service's part of the addresses.
func (s *Service) NamesRoom(alias mxid.Alias) bool {
	return slices.ContainsFunc(s.Aliases, func(n Namespace) bool { return n.pattern.MatchString(string(alias)) })
}

// Authorization is what a request to the service carries.
func (s *Service) Authorization() string { return "Bearer " + s.hsToken }
