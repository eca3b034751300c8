package main

import (
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"wardroom/internal/account"
	"wardroom/internal/store"
	"wardroom/internal/stream"
)

const inviteUsage = `Makes invitations, also while the server runs. Whoever opens the link can sign up with it.

Usage:
  wardroom invite --data DIR [--uses N] [--days D] [--name TEXT] [--token-only]
  wardroom invite --data DIR --csv NAMES.csv [--html PAGE.html] [--days D]
  wardroom invite --data DIR --list
  wardroom invite --data DIR --revoke ID, or the link, or the token
  wardroom invite --config FILE …, of a server that was started with this configuration

An invitation gives no power: whoever signs up with it is a person like any other. Those that people make in the web client
are theirs: they are neither listed nor revoked here, but by who made them.

`

// invitations is what one call of "wardroom invite" asks for.
type invitations struct {
	at        place
	uses      int
	days      int
	name      string
	csv       string
	html      string
	tokenOnly bool
	list      bool
	revoke    string
}

// invited is one invitation that was made.
type invited struct {
	Name string
	Link string // or the token alone
}

// invite makes invitations and prints their links.
func invite(ctx context.Context, args []string, out, errs io.Writer) error {
	var want invitations
	is := command{"invite", inviteUsage}
	flags := is.flags()
	placed := placeFlags(flags, "./data", "`folder` of the server")
	flags.IntVar(&want.uses, "uses", 1, "how many `people` may sign up with the link")
	flags.IntVar(&want.days, "days", 7, "for how many `days` it is valid")
	flags.StringVar(&want.name, "name", "", "`text`: whom it is for, or a sentence; shown to whoever opens the link")
	flags.StringVar(&want.csv, "csv", "", "`file` with the names of many people in its first column: one link is made for each")
	flags.StringVar(&want.html, "html", "", "also write the links into this `file`, as a page to print and cut up")
	flags.BoolVar(&want.tokenOnly, "token-only", false, "print registration tokens instead of links, for other Matrix clients")
	flags.BoolVar(&want.list, "list", false, "print the invitations made here that are still valid")
	flags.StringVar(&want.revoke, "revoke", "", "end an `invitation` made here: its ID as --list prints it, its link or its token")
	if err := is.parse(flags, args, out); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	var err error
	if want.at, err = placed(); err != nil {
		return err
	}
	if want.list || want.revoke != "" {
		return oldInvitations(ctx, want, flags, out, errs)
	}
	names, err := want.check()
	if err != nil {
		return err
	}
	return want.at.beside(ctx, want.tokenOnly, errs, func(ctx context.Context, db *store.DB) error {
		return want.print(ctx, db, names, out, errs)
	})
}

// check refuses what does not go together and gives the names of those to invite.
func (w *invitations) check() ([]string, error) {
	switch {
	case w.uses < 1:
		return nil, errors.New("--uses is 1 or more")
	case w.days < 1 || w.days > 365:
		return nil, errors.New("--days is 1 to 365")
	case w.html != "" && w.tokenOnly:
		return nil, errors.New("--html writes links: leave out --token-only")
	case w.csv == "":
		return []string{w.name}, nil
	case w.uses != 1 || w.name != "":
		return nil, errors.New("--csv makes one link for each person in the file: leave out --uses and --name")
	}
	file, err := os.Open(w.csv)
	if err != nil {
		return nil, fmt.Errorf("reading the names: %w", err)
	}
	defer file.Close()
	names, err := readNames(file)
	if err == nil && len(names) == 0 {
		err = errors.New("there are none")
	}
	if err != nil {
		return nil, fmt.Errorf("reading the names in %s: %w", w.csv, err)
	}
	return names, nil
}

// maxNames is how many people one file may invite.
const maxNames = 100_000

// headings are what stands above the names in a list: lines that say one of them are passed over in front of the first name.
var headings = []string{"name", "names", "full name", "display name", "姓名", "名字", "名前", "氏名", "お名前"}

// readNames gives the first column of a CSV file in UTF-8. Lines without a name are passed over, as is a heading; a name that is there
// twice is refused, since nobody could tell the two links apart.
func readNames(r io.Reader) (names []string, err error) {
	lineOf := map[string]int{}
	lines := csv.NewReader(r)
	lines.FieldsPerRecord = -1
	lines.LazyQuotes = true
	for {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return names, nil
		}
		if err != nil {
			return nil, err
		}
		name := strings.TrimSpace(strings.TrimPrefix(fields[0], "\ufeff")) // spreadsheets put that at the beginning
		line, _ := lines.FieldPos(0)
		switch {
		case strings.ContainsFunc(name, unicode.IsControl):
			return nil, fmt.Errorf("line %d: a name is one line of text without tabs", line)
		case !utf8.ValidString(name):
			return nil, fmt.Errorf("line %d is not UTF-8 text. Save the file as \"CSV UTF-8\"", line)
		case name == "" || len(names) == 0 && slices.Contains(headings, strings.ToLower(name)):
		case lineOf[name] > 0:
			return nil, fmt.Errorf("%s is on line %d and on line %d. If these are two people, write something beside the name that tells them apart", name, lineOf[name], line)
		default:
			lineOf[name] = line
			names = append(names, name)
		}
		if len(names) > maxNames {
			return nil, fmt.Errorf("it has more than %d names", maxNames)
		}
	}
}

// print makes an invitation for each of names and prints it.
func (w *invitations) print(ctx context.Context, db *store.DB, names []string, out, errs io.Writer) (err error) {
	var at string
	if !w.tokenOnly {
		if at, err = servedAt(ctx, db); err != nil {
			return err
		}
	}
	var page *os.File
	if w.html != "" { // whoever reads it can sign up: nobody else may
		if page, err = os.OpenFile(w.html, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
			return fmt.Errorf("making the page to print: %w", err)
		}
		defer func() { err = errors.Join(err, page.Close()) }()
	}
	accounts := account.New(db, "")
	until := time.Now().Add(time.Duration(w.days) * 24 * time.Hour)
	made := make([]invited, 0, len(names))
	for _, name := range names {
		token, err := accounts.Invite(ctx, account.Invitation{Note: name, Uses: w.uses, Until: until})
		if err != nil {
			return err
		}
		one := invited{name, token}
		if !w.tokenOnly {
			one.Link = inviteLink(at, token)
		}
		made = append(made, one)
		if w.csv != "" {
			fmt.Fprintf(out, "%s\t", name)
		}
		fmt.Fprintln(out, one.Link)
	}
	if page != nil {
		if err := writeSlips(page, made, until); err != nil {
			return fmt.Errorf("writing the page to print: %w", err)
		}
	}
	if !w.tokenOnly {
		fmt.Fprintf(errs, "Each for %s, until %s.\n", people(w.uses), until.Format("2006-01-02 15:04"))
	}
	return nil
}

func people(n int) string {
	if n == 1 {
		return "one person"
	}
	return fmt.Sprintf("%d people", n)
}

// inviteLink is the address that opens the sign-up page. The token stands after the "#": browsers send that to nobody.
func inviteLink(base, token string) string { return base + "/#/invite/" + token }

// servedAt is where the server was last opened at.
func servedAt(ctx context.Context, db *store.DB) (at string, err error) {
	var ok bool
	err = db.View(ctx, func(v stream.View) (err error) {
		at, ok, err = db.Meta(v, store.ServedAt)
		return err
	})
	if err == nil && !ok {
		err = errors.New("the server has never run here, so there is no address to print: start it once, or use --token-only")
	}
	return at, err
}
