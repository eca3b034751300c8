package clientapi

import (
	"encoding/base64"
	"encoding/json"

	"wardroom/internal/desk"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/warrant"
)

func (a *API) warrantRoutes() []route {
	const all = "/_matrix/client/unstable/org.wardroom/warrants"
	return []route{
		{"GET", all + "/standing", signedIn, general, a.standing},
		{"GET", all + "/about", signedIn, general, a.aboutMe},
		{"GET", all, signedIn, general, a.warrants},
		{"POST", all, signedIn, sending, a.askWarrant},
		{"GET", all + "/{hash}", signedIn, general, a.oneWarrant},
		{"POST", all + "/{hash}/approve", signedIn, sending, a.approveWarrant},
		{"POST", all + "/{hash}/refuse", signedIn, sending, a.refuseWarrant},
	}
}

// standing says who has power here: see docs/decisions/warrants.md for this and what follows.
func (a *API) standing(r *request) (any, error) {
	is, err := a.Desk.Standing(r.ctx(), r.who)
	if err != nil {
		return nil, err
	}
	out := struct {
		Charter   *warrant.Charter `json:"charter,omitempty"`
		Officers  []shownOfficer   `json:"officers"`
		Own       *shownOfficer    `json:"own,omitempty"`
		Founder   bool             `json:"founder"`
		Witnessed bool             `json:"witnessed"`
		Log       string           `json:"log"`
	}{is.Charter, []shownOfficer{}, nil, is.Founder, is.Witnessed, is.Log}
	for _, o := range is.Officers {
		one := shownOfficer{o.User, o.Office, o.Key, o.Until}
		if out.Officers = append(out.Officers, one); o.User == r.who.User {
			out.Own = &one
		}
	}
	return out, nil
}

type shownOfficer struct {
	User   mxid.User      `json:"user"`
	Office warrant.Office `json:"office"`
	Key    string         `json:"key"`
	Until  int64          `json:"until"`
}

// aboutMe gives what was decided about the person who asks.
func (a *API) aboutMe(r *request) (any, error) {
	about, err := a.Desk.About(r.ctx(), r.who)
	out := struct {
		Key      string         `json:"key,omitempty"` // by which their devices make their tags, in base64url
		Used     int64          `json:"used"`
		Until    int64          `json:"suspended_until,omitempty"`
		Warrants []shownWarrant `json:"warrants"`
	}{base64.RawURLEncoding.EncodeToString(about.Key), about.Used, 0, []shownWarrant{}}
	if r.who.Writes() != nil {
		out.Until = r.who.SuspendedMS
	}
	for _, w := range about.Warrants {
		out.Warrants = append(out.Warrants, aWarrant(w))
	}
	return out, err
}

// warrants lists what the person may decide on or has asked for.
func (a *API) warrants(r *request) (any, error) {
	found, err := a.Desk.List(r.ctx(), r.who, r.URL.Query().Get("from"))
	out := struct {
		Warrants []shownWarrant `json:"warrants"`
	}{[]shownWarrant{}}
	for _, w := range found {
		out.Warrants = append(out.Warrants, aWarrant(w))
	}
	return out, err
}

func (a *API) oneWarrant(r *request) (any, error) {
	w, err := a.Desk.One(r.ctx(), r.who, r.PathValue("hash"))
	return aWarrant(w), err
}

// askWarrant asks for a warrant.
func (a *API) askWarrant(r *request) (any, error) {
	var in struct {
		Kind      warrant.Kind        `json:"kind"`
		Law       string              `json:"law"`
		Until     int64               `json:"until"`
		Outside   string              `json:"outside"`
		Subject   string              `json:"subject"`
		Scope     string              `json:"scope"`
		Ground    string              `json:"ground"`
		Contract  bool                `json:"contract"`
		Reasons   string              `json:"reasons"`
		Automated bool                `json:"automated"`
		Milder    string              `json:"milder"`
		Evidence  []warrant.Evidence  `json:"evidence"`
		Appeal    string              `json:"appeal"`
		Charter   *warrant.Charter    `json:"charter"`
		Appoint   []warrant.Appointee `json:"appoint"`
		Dismiss   []string            `json:"dismiss"`
		Reverses  *int64              `json:"reverses"`
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	asked := desk.Asked{
		Kind: in.Kind, Law: in.Law, Until: in.Until, Outside: in.Outside, Scope: in.Scope, Ground: in.Ground, Contract: in.Contract, Reasons: in.Reasons,
		Automated: in.Automated, Milder: in.Milder, Evidence: in.Evidence, Appeal: in.Appeal, Charter: in.Charter, Appoint: in.Appoint, Dismiss: in.Dismiss, Reverses: in.Reverses,
	}
	if in.Subject != "" {
		user, err := mxid.ParseUser(in.Subject)
		if err != nil {
			return nil, fault.InvalidParam.Wrap(err, "\"subject\" is not a user ID.")
		}
		asked.Subject = user
	}
	w, err := a.Desk.Ask(r.ctx(), r.who, asked)
	return aWarrant(w), err
}

// approveWarrant takes an officer's signature.
func (a *API) approveWarrant(r *request) (any, error) {
	var in struct {
		Signature string `json:"signature"`
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	w, err := a.Desk.Approve(r.ctx(), r.who, r.PathValue("hash"), in.Signature)
	return aWarrant(w), err
}

// refuseWarrant takes an officer's reasons.
func (a *API) refuseWarrant(r *request) (any, error) {
	var in struct {
		Text string `json:"text"`
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	w, err := a.Desk.Refuse(r.ctx(), r.who, r.PathValue("hash"), in.Text)
	return aWarrant(w), err
}

// shownWarrant is a warrant as it is answered: head and text are what is signed and hashed, once they are in canonical form again.
type shownWarrant struct {
	Hash      string          `json:"hash"`
	State     desk.State      `json:"state"`
	Head      json.RawMessage `json:"head"`
	Text      json.RawMessage `json:"text"`
	Entry     *int64          `json:"entry,omitempty"`
	From      int64           `json:"from,omitempty"`
	Executed  int64           `json:"executed,omitempty"`
	Needs     int             `json:"needs"`
	Approvals []shownApproval `json:"approvals"`
	Words     []shownWord     `json:"words"`
}

type shownApproval struct {
	User   mxid.User      `json:"user"`
	Office warrant.Office `json:"office"`
	Key    string         `json:"key"`
}

type shownWord struct {
	At      int64     `json:"at"`
	By      mxid.User `json:"by"`
	Refused bool      `json:"refused"`
	Text    string    `json:"text"`
}

func aWarrant(w desk.Shown) shownWarrant {
	s := shownWarrant{
		Hash: w.Hash, State: w.State, Head: w.Head, Text: w.Text, From: w.From, Executed: w.Executed, Needs: w.Needs, Approvals: []shownApproval{}, Words: []shownWord{},
	}
	if w.Entry != desk.Open {
		s.Entry = &w.Entry
	}
	for _, p := range w.Approvals {
		s.Approvals = append(s.Approvals, shownApproval(p))
	}
	for _, one := range w.Words {
		s.Words = append(s.Words, shownWord{one.At, one.User, one.Refused, one.Text})
	}
	return s
}
