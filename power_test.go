package wardroom_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// domain is where people's things are changed. Whatever is exported there and changes something takes the session of the person
// who does it, whose tokens clientapi has checked, or stands here with the reason. See docs/decisions/no-administrator.md.
var domain = map[string]map[string]string{
	"account": {
		"Accounts.EndUnused":       "ends devices that nobody has used for 180 days, by one rule for everybody",
		"Accounts.SignUp":          "makes an account; there is no session yet",
		"Accounts.SignInAs":        "takes a proof, which only the person's own password or passkey gives",
		"Accounts.ProvePasskey":    "asks for the person's own passkey; notes that it was used",
		"Accounts.Refresh":         "asks for the person's own refresh token",
		"Accounts.RefreshOAuth":    "as Refresh",
		"Accounts.RegisterClient":  "keeps what an app says of itself; signs nobody in",
		"Accounts.Approve":         "takes a proof, as SignInAs",
		"Accounts.Exchange":        "asks for a code that the person themselves approved within the minute",
		"Accounts.Session":         "asks for the person's own access token; notes that it was used",
		"Accounts.Invite":          "adds an invitation of the machine's own",
		"Accounts.FirstInvitation": "adds the first invitation, where there is no account",
		"Accounts.Revoke":          "ends an invitation of the machine's own, never a person's",
		"Accounts.PrepareServices": "makes an account that belongs to an application service, and never touches a person's",
		"Accounts.SignUpService":   "as PrepareServices",
		"Accounts.ActAs":           "asks for a service's registration, which clientapi found by its token, and gives none but the service's own accounts; notes that a device was used",
		"Accounts.AskToReset":      "keeps that somebody asks, and writes to nobody but the person",
		"Accounts.ConfirmMail":     "asks for the token that was sent to the person's own address",
		"Accounts.ResetPassword":   "asks for a link that was sent to the address that the person gave for that; touches no keys; see docs/decisions/mail.md",
		"Accounts.Tidy":            "removes invitations, codes and apps whose time is over",
	},
	"device": {
		"Devices.Claim":         "hands out a one-time key, which is there for that; clientapi asks who is signed in",
		"Devices.KeysChanged":   "tells others to look again at keys; changes none",
		"Devices.AckToDevice":   "called by a sync with its own device, for what that device has received",
		"Devices.PrepareRecord": "adds to the ledger which master keys were there before; changes none",
		"Devices.Prune":         "removes transaction numbers after their 48 hours",
		"Backups.Prune":         "removes what its own person has deleted",
	},
	"room": {
		"Rooms.SendDue":      "sends what its own person has asked to have sent at that time, by the rules for that person",
		"Rooms.PruneDelayed": "removes what was sent or refused a day ago",
		"Rooms.RunBy":        "reads who may remove others from a room, in the unit of work that asks; changes nothing",
	},
	"media": {
		"Files.Prune": "removes files that were announced and never came",
	},
	"mail": {
		"Outbox.Queue":   "part of what somebody does; writes to the person whom it is about",
		"Outbox.QueueTo": "as Queue",
		"Outbox.Nobody":  "as Queue, and nothing is sent",
		"Outbox.Step":    "sends what is in the outbox",
		"Outbox.Tidy":    "removes letters whose time is over",
	},
	"feed": {},
	"casework": {
		"Cases.Prune":    "removes cases that ended a year ago",
		"Cases.HandOver": "gives a case that nobody answers to whoever answers cases, by one rule for all",
	},
	"desk": {
		"Desk.Prune": "removes warrants that were not approved within their time",
		"Desk.Audit": "reads; that it gives all to a record by a function is taken for a change",
		"Desk.Step":  "carries out what the ledger authorises: see docs/decisions/warrants.md",
	},
	"ledger": {
		"Ledger.Append":          "is called in the unit of the act that it records; adds to a public list, and changes nothing of anybody's",
		"Ledger.AppendIdentity":  "as Append",
		"Ledger.BeginIdentities": "as Append; makes the key of people's tags",
		"Ledger.Prepare":         "makes the log's key and its entries about who witnesses",
		"Ledger.Serves":          "adds to a public list which build of the web client is served",
		"Ledger.Publish":         "keeps the checkpoint that it has signed, of what is there",
	},
	"service": {
		"Services.Prepare": "notes from where application services are told",
		"Services.Run":     "notes how far they were told",
	},
}

// edges is where units of work may be begun outside of the domain, by function, with the reason.
var edges = map[string]map[string]string{
	"cmd/wardroom": {
		"unpack":           "a restore resets keys, tokens and invitations on its fresh copy",
		"place.noted":      "the fresh copy keeps which bucket its files are in",
		"sameServer":       "keeps the server's name",
		"clusterSecret":    "keeps the secret that the servers of one database share",
		"oneOfSeveral":     "keeps that their folder of files is marked",
		"place.bringFiles": "keeps which bucket files are in",
		"welcome":          "keeps the server's address",
		"wire":             "lets what a device has waiting end with it, where its person ends it",
	},
	"internal/operate":   {"Health.Ready": "commits nothing, to see whether it could"},
	"internal/clientapi": {},
	"internal/front":     {},
	"internal/backup":    {},
	"internal/blob":      {},
}

func TestWhoeverChangesSomethingSaysWhoTheyAre(t *testing.T) {
	for name, listed := range domain {
		compare(t, "internal/"+name, unnamed(source(t, "internal/"+name)), listed)
	}
	for dir, listed := range edges {
		compare(t, dir, begun(source(t, dir)), listed)
	}
}

// compare fails for what was found and is not listed, and for what is listed and was not found.
func compare(t *testing.T, dir string, found []string, listed map[string]string) {
	t.Helper()
	for _, f := range found {
		if listed[f] == "" {
			t.Errorf("%s: %s changes something and does not take the session of who does it", dir, f)
		}
	}
	for _, f := range slices.Sorted(maps.Keys(listed)) {
		if !slices.Contains(found, f) {
			t.Errorf("%s: %s changes nothing without a session: take it off the list", dir, f)
		}
	}
}

func TestAFunctionForAnAdministratorIsFound(t *testing.T) {
	const text = `package account
import "wardroom/internal/stream"
func (a *Accounts) Suspend(ctx context.Context, who mxid.User) error { return a.suspend(ctx, who) }
func (a *Accounts) suspend(ctx context.Context, who mxid.User) error { return a.Disk.Do(ctx, func(u stream.Unit) error { return nil }) }
func Erase(u stream.Unit, no No) error { return nil }
func (a *Accounts) Rename(ctx context.Context, s Session) error { return a.suspend(ctx, s.User) }
func (a *Accounts) Look(ctx context.Context, who mxid.User) error { return a.Disk.View(ctx, nil) }
`
	file, err := parser.ParseFile(token.NewFileSet(), "x.go", text, 0)
	if err != nil {
		t.Fatal(err)
	}
	if found := unnamed([]*ast.File{file}); !slices.Equal(found, []string{"Accounts.Suspend", "Erase"}) {
		t.Errorf("found %v", found)
	}
	if found := begun([]*ast.File{file}); !slices.Equal(found, []string{"Accounts.suspend", "Erase"}) {
		t.Errorf("begun in %v", found)
	}
}

// The environment would be a second configuration, which nobody sees.
func TestNothingIsReadFromTheEnvironment(t *testing.T) {
	dirs := []string{"cmd/wardroom"}
	for _, name := range packages(t) {
		dirs = append(dirs, "internal/"+name)
	}
	for _, dir := range dirs {
		for _, file := range source(t, dir) {
			ast.Inspect(file, func(n ast.Node) bool {
				if e, ok := n.(*ast.SelectorExpr); ok && slices.Contains([]string{"os.Getenv", "os.LookupEnv", "os.Environ", "os.ExpandEnv"}, types.ExprString(e)) {
					t.Errorf("%s asks %s", dir, types.ExprString(e))
				}
				return true
			})
		}
	}
}

// source parses a package without its tests.
func source(t *testing.T, dir string) (files []*ast.File) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("%s holds %d files, %v", dir, len(names), err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// function is one declared function: what it takes, whom it calls, and whether it begins or is part of a unit of work.
type function struct {
	name    string // Type.Name for a method
	session bool   // takes the session of who does it, or an order, which only the ledger gives
	unit    bool
	calls   map[string]bool // by name alone, with a dot before a method's: too many rather than too few
}

func functions(files []*ast.File) (all []*function) {
	for _, file := range files {
		for _, d := range file.Decls {
			decl, ok := d.(*ast.FuncDecl)
			if !ok || decl.Body == nil {
				continue
			}
			f := &function{name: decl.Name.Name, calls: map[string]bool{}}
			if decl.Recv != nil {
				f.name = strings.TrimPrefix(types.ExprString(decl.Recv.List[0].Type), "*") + "." + f.name
			}
			f.session = takes(decl.Type, "Session") || takes(decl.Type, "account.Session") || takes(decl.Type, "warrant.Order")
			f.unit = takes(decl.Type, "stream.Unit")
			ast.Inspect(decl.Body, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.FuncLit:
					f.unit = f.unit || takes(n.Type, "stream.Unit")
				case *ast.SelectorExpr:
					f.unit = f.unit || n.Sel.Name == "Do" && strings.HasSuffix(types.ExprString(n.X), "Disk")
				case *ast.CallExpr: // what is handed over may be called too
					for _, e := range append(n.Args, n.Fun) {
						switch e := e.(type) {
						case *ast.Ident:
							f.calls[e.Name] = true
						case *ast.SelectorExpr:
							f.calls["."+e.Sel.Name] = true
						}
					}
				}
				return true
			})
			all = append(all, f)
		}
	}
	return all
}

func takes(f *ast.FuncType, typ string) bool {
	return slices.ContainsFunc(f.Params.List, func(p *ast.Field) bool { return types.ExprString(p.Type) == typ })
}

// unnamed lists what is exported, changes something, directly or through others, and takes no session.
func unnamed(files []*ast.File) (found []string) {
	all := functions(files)
	for changed := true; changed; { // whoever calls what changes something changes something
		changed = false
		for _, f := range all {
			if !f.unit && slices.ContainsFunc(all, func(g *function) bool { return g.unit && !exported(g) && f.calls[bare(g)] }) {
				f.unit, changed = true, true
			}
		}
	}
	for _, f := range all {
		if f.unit && !f.session && exported(f) {
			found = append(found, f.name)
		}
	}
	slices.Sort(found)
	return found
}

// begun lists the functions in which a unit of work is begun or continued.
func begun(files []*ast.File) (found []string) {
	for _, f := range functions(files) {
		if f.unit {
			found = append(found, f.name)
		}
	}
	slices.Sort(found)
	return found
}

// bare is how calls are written down: ".name" for a method, "name" for a function.
func bare(f *function) string { return f.name[max(0, strings.LastIndexByte(f.name, '.')):] }

func exported(f *function) bool {
	for part := range strings.SplitSeq(f.name, ".") {
		if !ast.IsExported(part) {
			return false
		}
	}
	return true
}
