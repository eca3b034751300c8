package account

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"

	"wardroom/internal/fault"
	"wardroom/internal/mail"
	"wardroom/internal/stream"
)

// MailAddress is the mail address that somebody has given to their account.
type MailAddress struct {
	mail.Address
	Digest   []byte // by which it is found
	AddedDay int64  // in days since 1970
}

// MailProof is what somebody has asked for who says that they read mail at an address, and whether they have shown it.
type MailProof struct {
	SID     string
	Purpose string // ToAdd or ToReset
	Secret  []byte // SHA-256 of what the client chose
	Digest  []byte // of the address
	mail.Address
	Token   []byte // SHA-256 of what stands in the link; empty once that was used
	Attempt int64  // the client's number of the letter that was sent last
	Proven  bool
	UntilMS int64
}

// What a link in a letter is for.
const (
	ToAdd   = "add"
	ToReset = "reset"
)

// MailDisk keeps mail addresses and what shows whose they are.
type MailDisk interface {
	// Meta gives what is kept under a name for the whole installation.
	Meta(v stream.View, name string) (value string, ok bool, err error)
	SetMeta(u stream.Unit, name, value string) error
	// OwnAddress gives the address of an account; ok is false where it has none.
	OwnAddress(v stream.View, a No) (is MailAddress, ok bool, err error)
	// HasAddress finds whose address has a digest.
	HasAddress(v stream.View, digest []byte) (p Person, is MailAddress, ok bool, err error)
	// AddAddress gives an account, which has none, an address that nobody has, added today.
	AddAddress(u stream.Unit, a No, is MailAddress) error
	// DropAddress removes the account's address, and every proof for it.
	DropAddress(u stream.Unit, a No) error
	// MailProof finds a proof, also one whose time is over.
	MailProof(v stream.View, sid string) (p MailProof, ok bool, err error)
	// MailProofFor finds the proof that a client with that secret has asked for.
	MailProofFor(v stream.View, purpose string, digest, secret []byte) (p MailProof, ok bool, err error)
	// PutMailProof keeps p, in the place of the one with the same SID.
	PutMailProof(u stream.Unit, p MailProof) error
	// DropMailProofs removes the proofs for an address.
	DropMailProofs(u stream.Unit, digest []byte) error
	// DropEndedMailProofs removes those whose time is over.
	DropEndedMailProofs(u stream.Unit) error
	// Asleep finds the account's dehydrated device, on which nobody is signed in.
	Asleep(v stream.View, a No) (d DeviceNo, ok bool, err error)
}

// PasswordReset is the type of the account data that tells a person's devices that the password was reset by mail. Clients cannot write it.
const PasswordReset = "org.wardroom.password_reset"

const (
	mailKeyName = "mail_key"
	maxSecret   = 255
	maxMail     = 254
)

// AskedByMail is what a client asks for a letter with.
//
// Spec: client-server API, POST /account/password/email/requestToken.
type AskedByMail struct {
	Secret   string
	Mail     string
	Attempt  int64
	Language string // as in an Accept-Language header; used where the person's is not known
}

var errProof = fault.ThreepidAuthFailed.New("That somebody reads mail at the address is not shown. Open the link in the mail first; it is good for an hour, and once. If it has ended, ask for another one.")

// canonical is how a mail address is kept and looked for. It returns fault.InvalidParam for what is none.
//
// Spec: appendices, "Third-party Identifiers": the address is folded to small letters.
func canonical(address string) (string, error) {
	address = strings.ToLower(strings.TrimSpace(address))
	is, err := netmail.ParseAddress(address)
	if err != nil || is.Address != address || is.Name != "" || len(address) > maxMail || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fault.InvalidParam.New("This is not a mail address. Write one such as name@example.org, in letters a–z.")
	}
	return address, nil
}

// read checks what a client asks with.
func (in AskedByMail) read() (AskedByMail, error) {
	if in.Secret == "" || len(in.Secret) > maxSecret || strings.ContainsFunc(in.Secret, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune(".=_-", r))
	}) {
		return in, fault.InvalidParam.New("client_secret must be 1 to %d of the characters 0-9 a-z A-Z . = _ -", maxSecret)
	}
	var err error
	in.Mail, err = canonical(in.Mail)
	return in, err
}

// MailIsAt returns how letters to an address are counted: the same for every way of writing it. It returns fault.InvalidParam for what is none.
func (a *Accounts) MailIsAt(address string) (string, error) { return canonical(address) }

// SendsMail returns fault.ThreepidMedium where this server sends no mail.
func (a *Accounts) SendsMail() error {
	if a.Mail == nil || !a.Mail.Conf.On() {
		return fault.ThreepidMedium.New("This server sends no mail, so no address can be used here.")
	}
	return nil
}

// digest is what an address is found by.
func (a *Accounts) digest(u stream.Unit, address string) ([]byte, error) {
	kept, ok, err := a.Disk.Meta(u, mailKeyName)
	if err != nil {
		return nil, err
	}
	if !ok {
		kept = rand.Text() + rand.Text()
		if err := a.Disk.SetMeta(u, mailKeyName, kept); err != nil {
			return nil, err
		}
	}
	sum := hmac.New(sha256.New, []byte(kept))
	sum.Write([]byte(address))
	return sum.Sum(nil), nil
}

func hashOf(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// AskToAddAddress sends a link to an address that s wants to give to their account, and gives the ID of the proof. Where another account has the
// address already, its reader is told that, and s is not: who has an account with which address is nobody else's business.
//
// Spec: client-server API, POST /account/3pid/email/requestToken.
func (a *Accounts) AskToAddAddress(ctx context.Context, s Session, in AskedByMail) (sid string, err error) {
	if err := noPerson(s, "It has no mail address."); err != nil {
		return "", err
	}
	return a.ask(ctx, in, ToAdd, func(u stream.Unit, is mail.Address, taken bool, _ mail.Address, values map[string]string) error {
		if taken {
			return a.Mail.QueueTo(u, is, mail.AddressTaken, nil)
		}
		return a.Mail.QueueTo(u, is, mail.ConfirmAddress, values)
	})
}

// AskToReset sends a link for a new password to an address, if it is somebody's. Whether it is, neither the answer tells nor what is done until
// then: the same rows are written either way.
//
// Spec: client-server API, POST /account/password/email/requestToken.
func (a *Accounts) AskToReset(ctx context.Context, in AskedByMail) (sid string, err error) {
	return a.ask(ctx, in, ToReset, func(u stream.Unit, _ mail.Address, known bool, person mail.Address, values map[string]string) error {
		if !known {
			return a.Mail.Nobody(u, mail.NewPassword, values)
		}
		return a.Mail.QueueTo(u, person, mail.NewPassword, values)
	})
}

// ask begins a proof, or begins it again for a client that asks for another letter, and puts a letter into the outbox: write says which.
func (a *Accounts) ask(ctx context.Context, in AskedByMail, purpose string, write func(u stream.Unit, is mail.Address, known bool, person mail.Address, values map[string]string) error) (sid string, err error) {
	if err := a.SendsMail(); err != nil {
		return "", err
	}
	if in, err = in.read(); err != nil {
		return "", err
	}
	in.Language = mail.Language(in.Language, a.Mail.Conf.Language) // what else the browser asks for is not kept
	err = a.Disk.Do(ctx, func(u stream.Unit) error {
		digest, err := a.digest(u, in.Mail)
		if err != nil {
			return err
		}
		p, had, err := a.Disk.MailProofFor(u, purpose, digest, hashOf(in.Secret))
		if err != nil {
			return err
		}
		person, kept, known, err := a.Disk.HasAddress(u, digest)
		if err != nil {
			return err
		}
		live := had && u.Now().UnixMilli() < p.UntilMS
		if sid = p.SID; live && in.Attempt <= p.Attempt {
			return nil // it asks again because it missed the answer
		}
		if !live {
			sid = rand.Text()
		}
		token := rand.Text()
		p = MailProof{SID: sid, Purpose: purpose, Secret: hashOf(in.Secret), Digest: digest, Token: hashOf(token), Attempt: in.Attempt,
			UntilMS: u.Now().Add(mail.HourLong).UnixMilli()}
		if purpose == ToAdd { // a reset needs no more than the digest
			p.Address = mail.Address{Mail: in.Mail, Language: in.Language}
		}
		if err := a.Disk.PutMailProof(u, p); err != nil {
			return err
		}
		return write(u, mail.Address{Mail: in.Mail, Language: in.Language}, known && !person.Closed, kept.Address, map[string]string{"sid": sid, "token": token})
	})
	if err != nil {
		return "", fmt.Errorf("asking for a letter: %w", err)
	}
	return sid, nil
}

// ConfirmMail takes the token of a link, once: whoever has it reads mail at the address. It returns what the link is for, and fault.NotFound for a
// link that is none, has ended or was used.
func (a *Accounts) ConfirmMail(ctx context.Context, sid, token string) (purpose string, err error) {
	err = a.Disk.Do(ctx, func(u stream.Unit) error {
		p, ok, err := a.Disk.MailProof(u, sid)
		if err != nil {
			return err
		}
		if !ok || u.Now().UnixMilli() >= p.UntilMS || len(p.Token) == 0 || subtle.ConstantTimeCompare(p.Token, hashOf(token)) != 1 {
			return fault.NotFound.New("This link was used already, or has ended. Ask for another one.")
		}
		purpose, p.Token, p.Proven = p.Purpose, []byte{}, true
		return a.Disk.PutMailProof(u, p)
	})
	if err != nil {
		return "", fmt.Errorf("confirming a mail address: %w", err)
	}
	return purpose, nil
}

// proven gives the proof of that ID, once its link was opened, to the client that asked for it. It returns errProof otherwise.
func (a *Accounts) proven(v stream.View, now time.Time, purpose, sid, secret string) (MailProof, error) {
	p, ok, err := a.Disk.MailProof(v, sid)
	if err == nil && (!ok || !p.Proven || p.Purpose != purpose || now.UnixMilli() >= p.UntilMS || subtle.ConstantTimeCompare(p.Secret, hashOf(secret)) != 1) {
		err = errProof
	}
	return p, err
}

// AddAddress gives s's account the address that a proof is of. It returns fault.ThreepidAuthFailed unless the link in the letter was opened,
// fault.ThreepidInUse where another account has the address, which its reader may know, and fault.ThreepidDenied where the account has one already.
//
// Spec: client-server API, POST /account/3pid/add.
func (a *Accounts) AddAddress(ctx context.Context, s Session, sid, secret string) error {
	if err := noPerson(s, "It has no mail address."); err != nil {
		return err
	}
	err := a.Disk.Do(ctx, func(u stream.Unit) error {
		p, err := a.proven(u, u.Now(), ToAdd, sid, secret)
		if err != nil {
			return err
		}
		who, _, taken, err := a.Disk.HasAddress(u, p.Digest)
		switch {
		case err != nil:
			return err
		case taken && who.No != s.Account:
			return fault.ThreepidInUse.New("Another account has this address. Remove it there first.")
		case !taken:
			if _, has, err := a.Disk.OwnAddress(u, s.Account); err != nil {
				return err
			} else if has {
				return fault.ThreepidDenied.New("Your account has a mail address already. Remove it first.")
			}
			if err := a.Disk.AddAddress(u, s.Account, MailAddress{Address: p.Address, Digest: p.Digest}); err != nil {
				return err
			}
		}
		return a.Disk.DropMailProofs(u, p.Digest)
	})
	if err != nil {
		return fmt.Errorf("adding a mail address for %s: %w", s.User, err)
	}
	return nil
}

// Address gives the mail address of s's own account; ok is false where it has none.
//
// Spec: client-server API, GET /account/3pid.
func (a *Accounts) Address(ctx context.Context, s Session) (is MailAddress, ok bool, err error) {
	err = a.Disk.View(ctx, func(v stream.View) (err error) { is, ok, err = a.Disk.OwnAddress(v, s.Account); return err })
	if err != nil {
		return is, false, fmt.Errorf("looking for the mail address of %s: %w", s.User, err)
	}
	return is, ok, nil
}

// DropAddress takes the mail address off s's own account, and writes so to it. It returns fault.NotFound where the account does not have it.
//
// Spec: client-server API, POST /account/3pid/delete.
func (a *Accounts) DropAddress(ctx context.Context, s Session, address string) error {
	address, err := canonical(address)
	if err != nil {
		return err
	}
	err = a.Disk.Do(ctx, func(u stream.Unit) error {
		is, ok, err := a.Disk.OwnAddress(u, s.Account)
		if err != nil {
			return err
		}
		if !ok || is.Mail != address {
			return fault.NotFound.New("Your account does not have this address.")
		}
		return a.removeAddress(u, s.Account, is)
	})
	if err != nil {
		return fmt.Errorf("removing the mail address of %s: %w", s.User, err)
	}
	return nil
}

// removeAddress takes its mail address off an account, and writes so to it.
func (a *Accounts) removeAddress(u stream.Unit, no No, is MailAddress) error {
	if a.SendsMail() == nil {
		if err := a.Mail.QueueTo(u, is.Address, mail.AddressRemoved, nil); err != nil {
			return err
		}
	}
	return a.Disk.DropAddress(u, no)
}

// ProvenByMail returns nil if the link of a letter for a new password was opened, and fault.ThreepidAuthFailed if not.
func (a *Accounts) ProvenByMail(ctx context.Context, sid, secret string) error {
	if err := a.SendsMail(); err != nil {
		return err
	}
	return a.Disk.View(ctx, func(v stream.View) error {
		_, err := a.proven(v, time.Now(), ToReset, sid, secret)
		return err
	})
}

// ResetPassword gives the account whose address a proof is of another password; the proof is used up. With signOut every device is signed out, and
// passkeys end; messages for the dehydrated device, on which nobody is signed in, go on waiting for it. Cross-signing keys, key backups and what
// others have signed stay as they are: a device that signs in with the new password is not verified. All devices are told, now or when they
// sign in, and the person is by mail. It returns fault.ThreepidAuthFailed and fault.WeakPassword.
//
// Spec: client-server API, POST /account/password with m.login.email.identity.
func (a *Accounts) ResetPassword(ctx context.Context, sid, secret, password string, signOut bool) error {
	if err := a.SendsMail(); err != nil {
		return err
	}
	if err := strongEnough(password); err != nil {
		return err
	}
	phc, err := a.hash(ctx, password)
	if err != nil {
		return err
	}
	err = a.Disk.Do(ctx, func(u stream.Unit) error {
		p, err := a.proven(u, u.Now(), ToReset, sid, secret)
		if err != nil {
			return err
		}
		who, _, ok, err := a.Disk.HasAddress(u, p.Digest)
		if err != nil {
			return err
		}
		if !ok || who.Closed { // it was removed meanwhile
			return errProof
		}
		if err := a.Disk.SetPassword(u, who.No, phc); err != nil {
			return err
		}
		if err := a.Disk.DropMailProofs(u, p.Digest); err != nil {
			return err
		}
		if err := a.Disk.EndOAuthCodes(u, who.No); err != nil {
			return err
		}
		if err := a.Mail.Queue(u, mail.Person(who.No), mail.PasswordReset, nil); err != nil {
			return err
		}
		if err := a.tellReset(u, who); err != nil || !signOut {
			return err
		}
		if err := a.Disk.DropPasskeys(u, who.No); err != nil {
			return err
		}
		asleep, _, err := a.Disk.Asleep(u, who.No)
		if err != nil {
			return err
		}
		return a.dropDevices(u, who.No, func(d Device) bool { return d.DeviceNo != asleep })
	})
	if err != nil {
		return fmt.Errorf("resetting a password: %w", err)
	}
	return nil
}

// tellReset tells all devices of a person, those too that sign in later, that the password was reset by mail today.
func (a *Accounts) tellReset(u stream.Unit, who Person) error {
	var mark [6]byte
	_, _ = rand.Read(mark[:]) // never fails; a second one on the same day is another one
	content, err := json.Marshal(map[string]string{"on": u.Now().UTC().Format(time.DateOnly), "id": base64.RawURLEncoding.EncodeToString(mark[:])})
	if err != nil {
		return err
	}
	// whatever else the account keeps: there is always room for it
	_, err = a.Disk.SetDatum(u, who.No, Datum{Type: PasswordReset, Content: content}, u.Next(stream.Topic(who.User)))
	return err
}

// dropMailProofs ends what was begun by mail for an account.
func (a *Accounts) dropMailProofs(u stream.Unit, no No) error {
	is, ok, err := a.Disk.OwnAddress(u, no)
	if err != nil || !ok {
		return err
	}
	return a.Disk.DropMailProofs(u, is.Digest)
}
