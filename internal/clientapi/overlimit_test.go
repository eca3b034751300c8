package clientapi_test

import (
	"maps"
	"slices"
	"testing"
	"testing/synctest"

	"wardroom/internal/mxid"
	"wardroom/internal/store/storetest"
)

// overTheLimit lets member ask each operation once more than their bucket, or that of their address, allows, while no time passes: the one
// that is left is to be taken, and the next one refused as the specification says. It gives what is wrong with that, by
// operation: "" where nothing is.
//
// Spec: client-server API, "Rate limiting".
func (o *office) overTheLimit(t *testing.T, table []row) map[string]string {
	t.Helper()
	dir := t.TempDir()
	storetest.Copy(t, o.folder, dir)
	complaints := map[string]string{}
	routeOf := servedRoutes(t)
	synctest.Test(t, func(t *testing.T) {
		s := newServerIn(t, dir)
		names := maps.Clone(o.names["member"])
		names["invitation"] = "made-up" // who has a right one gets back what was counted
		again := &office{tokens: map[string]string{"member": o.tokens["member"]}, names: map[string]map[string]string{"member": names}}
		ask := func(r row) reply {
			answer := again.ask(t, s, r, "member")
			if answer.errcode() == "M_UNKNOWN_TOKEN" && r.want[slices.Index(askers, "member")] != "unknown" { // it was asked to sign out
				s.api.Unlimited = true
				again.tokens["member"] = (&person{server: s, user: mxid.User(names["member"])}).secondDevice(t).token
				s.api.Unlimited = false
				answer = again.ask(t, s, r, "member")
			}
			return answer
		}
		for _, r := range table {
			route := routeOf(r)
			op := operationOf(route)
			if _, asked := complaints[op]; asked { // the first row of each is one that gives nothing back and closes no account
				continue
			}
			s.api.Unlimited = false
			s.api.LeaveOne(route, mxid.User(names["member"]))
			if last := ask(r); last.status == 429 {
				complaints[op] = "the last one that is allowed is refused: " + string(last.raw)
			} else {
				complaints[op] = ask(r).refusedForRate()
			}
		}
	})
	return complaints
}

// refusedForRate says what is wrong with r as the refusal of a request too many: "" if nothing is.
func (r reply) refusedForRate() string {
	ms, _ := r.body["retry_after_ms"].(float64)
	switch {
	case r.status != 429 || r.errcode() != "M_LIMIT_EXCEEDED":
		return "one too many is answered " + itoa(int64(r.status)) + " " + string(r.raw)
	case ms <= 0 || r.header.Get("Retry-After") == "":
		return "it is not said how long to wait: " + string(r.raw) + ", Retry-After " + r.header.Get("Retry-After")
	case text(r.body["error"]) == "":
		return "it is not said why: " + string(r.raw)
	}
	return ""
}
