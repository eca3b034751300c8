package operate

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"wardroom/internal/config"
	"wardroom/internal/service"
)

// dialService is how long the doctor waits for an application service.
const dialService = 5 * time.Second

// services looks at the application services that are registered: which there are, who can read their tokens, and whether something listens
// where they are. It tells them nothing.
func (i *Installation) services(ctx context.Context) (all []Finding) {
	for _, s := range i.Services {
		f := listed(s)
		if info, err := os.Stat(s.File); err == nil && info.Mode().Perm()&0o004 != 0 {
			f.State, f.Do = Wrong, "chmod o-rwx "+s.File+" (every user of this machine can read its tokens, and act as the service)"
		} else if err := listens(ctx, s.URL); err != nil {
			f.State = Look
			f.Says += fmt.Sprintf(" Nothing listens at %s: %v.", s.URL, err)
			f.Do = "Start the service; look at url in its registration. What it is to be told waits for it."
		}
		all = append(all, f)
	}
	return all
}

// listed says that there is a service.
func listed(s *config.Service) Finding {
	at := cmp.Or(s.URL, "nowhere: its registration has no url")
	return fine("application service", "%s acts as %s and accounts of its own, and is told of what happens in their rooms at %s.", s.ID, s.Sender, at)
}

// listens returns nil if something takes connections at an address; also where there is none.
func listens(ctx context.Context, at string) error {
	u, err := url.Parse(at)
	if err != nil || at == "" {
		return err
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	c, err := (&net.Dialer{Timeout: dialService}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err == nil {
		return c.Close()
	}
	return err
}

// ServiceFinding says how it stands with an application service that a server speaks to.
func ServiceFinding(s service.State) Finding {
	f := listed(s.Service)
	if !s.Since.IsZero() {
		f.State = Look
		f.Says += fmt.Sprintf(" It has taken nothing since %s (UTC): %s.", s.Since.UTC().Format(time.DateTime), s.Err)
		f.Do = "Start the service, or look into its log. What it is to be told waits for it."
		if s.Err == fmt.Sprintf("it answered %d", http.StatusForbidden) {
			f.Do = "Its hs_token is another one than in " + s.Service.File + ": let both have the same registration, and start both again."
		}
	}
	return f
}
