package clientapi

import (
	"cmp"
	"context"
	"strconv"

	"wardroom/internal/account"
	"wardroom/internal/casework"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

func (a *API) caseRoutes() []route {
	const all = "/_matrix/client/unstable/org.wardroom/cases"
	return []route{
		{"POST", "/_matrix/client/v3/rooms/{roomId}/report", signedIn, sending, a.reportRoom},
		{"POST", "/_matrix/client/v3/rooms/{roomId}/report/{eventId}", signedIn, sending, a.reportEvent},
		{"POST", "/_matrix/client/v3/users/{userId}/report", signedIn, sending, a.reportUser},
		{"POST", all, signedIn, sending, a.openCase},
		{"GET", all, signedIn, general, a.cases},
		{"GET", all + "/{number}", signedIn, general, a.oneCase},
		{"POST", all + "/{number}/say", signedIn, sending, a.inCase((*casework.Cases).Say)},
		{"POST", all + "/{number}/appeal", signedIn, sending, a.inCase((*casework.Cases).Appeal)},
		{"POST", all + "/{number}/withdraw", signedIn, sending, a.inCase((*casework.Cases).Withdraw)},
		{"POST", all + "/{number}/decide", signedIn, sending, a.decideCase},
	}
}

// reportRoom opens a case about a room.
//
// Spec: client-server API, POST /rooms/{roomId}/report.
func (a *API) reportRoom(r *request) (any, error) {
	room, err := r.room()
	if err != nil {
		return nil, err
	}
	return a.report(r, casework.About{Room: room})
}

// reportEvent opens a case about an event.
//
// Spec: client-server API, POST /rooms/{roomId}/report/{eventId}.
func (a *API) reportEvent(r *request) (any, error) {
	room, event, err := r.event()
	if err != nil {
		return nil, err
	}
	return a.report(r, casework.About{Room: room, Event: event})
}

// reportUser opens a case about a person.
//
// Spec: client-server API, POST /users/{userId}/report.
func (a *API) reportUser(r *request) (any, error) {
	user, err := mxid.ParseUser(r.PathValue("userId"))
	if err != nil {
		return nil, fault.InvalidParam.Wrap(err, "That is not a user ID.")
	}
	return a.report(r, casework.About{Person: user})
}

// report opens a case by a request of the specification's, whose answer has no field for its number: it has one of ours.
func (a *API) report(r *request, about casework.About) (any, error) {
	var in struct {
		Reason string `json:"reason"`
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	c, err := a.Cases.Open(r.ctx(), r.who, about, in.Reason)
	return map[string]casework.No{"org.wardroom.case": c.No}, err
}

// openCase opens a case: see docs/decisions/cases.md for this and what follows.
func (a *API) openCase(r *request) (any, error) {
	var in struct {
		About struct {
			Room   string `json:"room_id"`
			Event  string `json:"event_id"`
			Person string `json:"user_id"`
		} `json:"about"`
		Text string `json:"text"`
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	var about casework.About
	var bad [3]error
	if in.About.Room != "" {
		about.Room, bad[0] = mxid.ParseRoom(in.About.Room)
	}
	if in.About.Event != "" {
		about.Event, bad[1] = mxid.ParseEvent(in.About.Event)
	}
	if in.About.Person != "" {
		about.Person, bad[2] = mxid.ParseUser(in.About.Person)
	}
	if err := cmp.Or(bad[:]...); err != nil {
		return nil, fault.InvalidParam.Wrap(err, "What \"about\" names is no ID.")
	}
	c, err := a.Cases.Open(r.ctx(), r.who, about, in.Text)
	return shownCase(c), err
}

// cases lists the cases in which the person has a part.
func (a *API) cases(r *request) (any, error) {
	var before casework.No
	if from := r.URL.Query().Get("from"); from != "" {
		n, err := strconv.ParseInt(from, 10, 64)
		if err != nil || n <= 0 {
			return nil, fault.InvalidParam.New("\"from\" is what \"next_batch\" was.")
		}
		before = casework.No(n)
	}
	found, next, err := a.Cases.List(r.ctx(), r.who, before)
	out := struct {
		Cases []shown `json:"cases"`
		Next  string  `json:"next_batch,omitempty"`
	}{Cases: []shown{}}
	for _, c := range found {
		out.Cases = append(out.Cases, shownCase(c))
	}
	if next > 0 {
		out.Next = strconv.FormatInt(int64(next), 10)
	}
	return out, err
}

// caseNo is the number in the path.
func (r *request) caseNo() (casework.No, error) {
	n, err := strconv.ParseInt(r.PathValue("number"), 10, 64)
	if err != nil || n <= 0 {
		return 0, fault.NotFound.New("There is no such case.")
	}
	return casework.No(n), nil
}

// oneCase gives one case with its steps.
func (a *API) oneCase(r *request) (any, error) {
	no, err := r.caseNo()
	if err != nil {
		return nil, err
	}
	c, err := a.Cases.Case(r.ctx(), r.who, no)
	return shownCase(c), err
}

// inCase is a step in a case that takes a text.
func (a *API) inCase(do func(*casework.Cases, context.Context, account.Session, casework.No, string) (casework.Shown, error)) func(*request) (any, error) {
	return func(r *request) (any, error) {
		no, err := r.caseNo()
		if err != nil {
			return nil, err
		}
		var in struct {
			Text string `json:"text"`
		}
		if err := r.decode(&in); err != nil {
			return nil, err
		}
		c, err := do(a.Cases, r.ctx(), r.who, no, in.Text)
		return shownCase(c), err
	}
}

// decideCase answers a case.
func (a *API) decideCase(r *request) (any, error) {
	no, err := r.caseNo()
	if err != nil {
		return nil, err
	}
	var in struct {
		Outcome casework.Outcome `json:"outcome"`
		Text    string           `json:"text"`
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	c, err := a.Cases.Decide(r.ctx(), r.who, no, in.Outcome, in.Text)
	return shownCase(c), err
}

// shown is a case as it is answered.
type shown struct {
	Number   casework.No      `json:"number"`
	About    shownAbout       `json:"about"`
	Reporter mxid.User        `json:"reporter"`
	InCharge mxid.User        `json:"in_charge,omitempty"`
	Opened   int64            `json:"opened"`
	Due      int64            `json:"due"`
	Changed  int64            `json:"changed"`
	State    casework.State   `json:"state"`
	Outcome  casework.Outcome `json:"outcome,omitempty"`
	Appealed bool             `json:"appealed"`
	May      []string         `json:"may"`
	Steps    []shownStep      `json:"steps,omitempty"`
}

type shownAbout struct {
	Room   mxid.Room  `json:"room_id,omitempty"`
	Event  mxid.Event `json:"event_id,omitempty"`
	Person mxid.User  `json:"user_id,omitempty"`
}

type shownStep struct {
	At      int64            `json:"at"`
	By      mxid.User        `json:"by,omitempty"`
	Did     casework.Did     `json:"did"`
	To      mxid.User        `json:"to,omitempty"`
	Outcome casework.Outcome `json:"outcome,omitempty"`
	Text    string           `json:"text,omitempty"`
}

// ways are what may be done in a case, by the last part of its address.
var ways = map[casework.Did]string{casework.Said: "say", casework.Decides: "decide", casework.Appealed: "appeal", casework.Withdraws: "withdraw"}

func shownCase(c casework.Shown) shown {
	s := shown{
		Number: c.No, About: shownAbout(c.About), Reporter: c.Reporter.User, InCharge: c.InCharge.User, Opened: c.Opened, Due: c.Due, Changed: c.Changed,
		State: c.State, Outcome: c.Outcome, Appealed: c.Case.Appealed, May: []string{},
	}
	for _, did := range c.May {
		s.May = append(s.May, ways[did])
	}
	for _, st := range c.Steps {
		s.Steps = append(s.Steps, shownStep{st.At, st.By.User, st.Did, st.To.User, st.Outcome, st.Text})
	}
	return s
}
