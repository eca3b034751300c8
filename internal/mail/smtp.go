package mail

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	smtp "github.com/wneessen/go-mail"

	"wardroom/internal/config"
)

// patience is how long one letter may take.
const patience = 30 * time.Second

// finally is a refusal of the SMTP server's that another try would not change.
type finally struct{ error }

// client speaks to the SMTP server that o is configured for.
func (o *Outbox) client() (*smtp.Client, error) {
	host, port, err := net.SplitHostPort(o.Conf.Server)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	hello, _, _ := strings.Cut(o.Name, ":")
	with := []smtp.Option{smtp.WithPort(number), smtp.WithTimeout(patience), smtp.WithHELO(hello)} // not what this machine calls itself
	switch o.Conf.TLS {
	case config.Implicit:
		with = append(with, smtp.WithSSL())
	case config.StartTLS:
		with = append(with, smtp.WithTLSPolicy(smtp.TLSMandatory))
	default:
		with = append(with, smtp.WithTLSPolicy(smtp.NoTLS))
	}
	if o.TLS != nil {
		trusts := o.TLS.Clone()
		trusts.ServerName = host
		with = append(with, smtp.WithTLSConfig(trusts))
	}
	if o.Conf.User != "" {
		password, err := o.Conf.Password()
		if err != nil {
			return nil, err
		}
		with = append(with, smtp.WithSMTPAuth(smtp.SMTPAuthAutoDiscover), smtp.WithUsername(o.Conf.User), smtp.WithPassword(password))
	}
	return smtp.NewClient(host, with...)
}

// Try signs in to the SMTP server and sends nothing.
func (o *Outbox) Try(ctx context.Context) error {
	c, err := o.client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := c.DialWithContext(ctx); err != nil {
		return err
	}
	return c.Close()
}

// deliver hands a letter to the SMTP server. An error says what was wrong and not whom the letter is to; finally is in it where another try is of no use.
func (o *Outbox) deliver(ctx context.Context, l Letter) error {
	m, err := o.message(l)
	if err != nil {
		return &finally{err}
	}
	c, err := o.client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err = c.DialAndSendWithContext(ctx, m)
	if m.IsDelivered() { // whatever came after that
		return nil
	}
	var refused *smtp.SendError
	if !errors.As(err, &refused) {
		return err
	}
	says := fmt.Errorf("%v (%d %s)", refused.Reason, refused.ErrorCode(), refused.EnhancedStatusCode()) // its own words name the address
	if code := refused.ErrorCode(); code >= 500 && code < 600 {
		return &finally{says}
	}
	return says
}

// message writes a letter.
func (o *Outbox) message(l Letter) (*smtp.Msg, error) {
	subject, body, err := o.write(l)
	if err != nil {
		return nil, err
	}
	m := smtp.NewMsg(smtp.WithNoDefaultUserAgent())
	if err := m.FromFormat(o.called(), o.Conf.From); err != nil {
		return nil, errors.New("the address that mail is from is none")
	}
	if err := m.To(l.To.Mail); err != nil {
		return nil, errors.New("the address is none")
	}
	m.Subject(subject)
	m.SetDate()
	_, domain, _ := strings.Cut(o.Conf.From, "@")
	m.SetMessageIDWithValue(rand.Text() + "@" + domain)             // not with what this machine calls itself
	m.SetGenHeader(smtp.Header("Auto-Submitted"), "auto-generated") // RFC 3834: nobody's absence answers it
	m.SetBodyString(smtp.TypeTextPlain, body)
	return m, nil
}
