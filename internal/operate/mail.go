package operate

import (
	"context"
	"fmt"
	"os"

	"wardroom/internal/config"
)

// mail looks whether the SMTP server can be reached, encrypts and lets this one in, and who can read the password for it. It sends nothing.
func (i *Installation) mail(ctx context.Context) []Finding {
	const about = "mail"
	if !i.Mail.On() {
		return nil
	}
	var found []Finding
	if info, err := os.Stat(i.Mail.PasswordFile); i.Mail.PasswordFile != "" && err == nil && info.Mode().Perm()&0o004 != 0 {
		found = append(found, Finding{about, Wrong, "Every user of this machine can read the password for " + i.Mail.Server + ".", "chmod o-rwx " + i.Mail.PasswordFile})
	}
	if err := i.TryMail(ctx); err != nil {
		return append(found, Finding{about, Wrong, sentence(fmt.Errorf("%s does not take mail from this server: %w", i.Mail.Server, err)),
			"Look at [mail] in the configuration: server, tls, user and password_file. What is to be sent waits for some hours at most, links for one."})
	}
	says := "%s takes mail from this server over an encrypted connection. Whoever carries that mail can reset the password of who has given an address."
	if i.Mail.TLS == config.Off {
		says = "%s takes mail from this server. Whoever carries that mail can reset the password of who has given an address."
	}
	return append(found, fine(about, says, i.Mail.Server))
}
