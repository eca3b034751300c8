package clientapi

import (
	"net/http"
	"time"

	"wardroom/internal/mxid"
)

// Routes lists every route as "METHOD path", for tests that must not forget one.
func (a *API) Routes() []string {
	var all []string
	for _, rt := range a.routes() {
		all = append(all, rt.method+" "+rt.path)
	}
	return all
}

// Read is how many rows more user has read than was made good for by the time since.
func (a *API) Read(user mxid.User) int {
	a.limits.mu.Lock()
	defer a.limits.mu.Unlock()
	r := reading.rate()
	return int(time.Until(*a.limits.full(r, "person\x00"+string(user))) / r.pause)
}

// UseUp lets user have done, in each class that counts people, all that may be done at once.
func (a *API) UseUp(user mxid.User) {
	for class := reading; class <= costly; class++ {
		a.limits.spend(class.rate(), "person\x00"+string(user), 2*class.rate().burst)
	}
}

// LeaveOne lets user, and clients on this machine, make one more request of the class of route, which is "METHOD path" as Routes has it.
func (a *API) LeaveOne(route string, user mxid.User) {
	for _, rt := range a.routes() {
		if rt.method+" "+rt.path != route {
			continue
		}
		r := rt.limit.rate()
		here := a.address(&request{Request: &http.Request{RemoteAddr: "127.0.0.1:1"}})
		for _, who := range []string{"person\x00" + string(user), "address\x00" + here} {
			a.limits.mu.Lock()
			*a.limits.full(r, who) = time.Now().Add(time.Duration(r.burst-1) * r.pause)
			a.limits.mu.Unlock()
		}
	}
}

// Counted lists every route whose class counts people as "METHOD path".
func (a *API) Counted() (all []string) {
	for _, rt := range a.routes() {
		if rt.limit >= reading && rt.limit <= costly {
			all = append(all, rt.method+" "+rt.path)
		}
	}
	return all
}

// TriesInAll sets for one test how many wrong passwords may be given for an account from all places together; no more come with time,
// however slow the machine is.
func TriesInAll(t interface{ Cleanup(func()) }, n int) {
	all, one := allTries, passwordTries
	allTries, passwordTries = rate{n, time.Hour}, rate{passwordTries.burst, time.Hour}
	t.Cleanup(func() { allTries, passwordTries = all, one })
}

// Firsts is firsts.
func Firsts(query string, names [6]string) [6]string { return firsts(query, names) }

// LettersInAll sets for one test how many letters strangers may ask for in all.
func LettersInAll(t interface{ Cleanup(func()) }, n int) {
	all := lettersAll
	lettersAll = rate{n, time.Hour}
	t.Cleanup(func() { lettersAll = all })
}
