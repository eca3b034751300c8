package clientapi

import (
	"encoding/json"

	"wardroom/internal/account"
	"wardroom/internal/fault"
)

func (a *API) pushRoutes() []route {
	const rules = "/_matrix/client/v3/pushrules"
	const rule = rules + "/global/{kind}/{rule}"
	return []route{
		{"GET", rules + "/{$}", signedIn, general, a.pushRules},
		{"GET", rules, signedIn, general, a.pushRules},
		{"GET", rules + "/global/{$}", signedIn, general, a.globalPushRules},
		{"GET", rules + "/global", signedIn, general, a.globalPushRules},
		{"GET", rule, signedIn, general, a.pushRule},
		{"PUT", rule, signedIn, writing, a.putPushRule},
		{"DELETE", rule, signedIn, writing, a.deletePushRule},
		{"GET", rule + "/enabled", signedIn, general, a.pushRuleEnabled},
		{"PUT", rule + "/enabled", signedIn, writing, a.enablePushRule},
		{"GET", rule + "/actions", signedIn, general, a.pushRuleActions},
		{"PUT", rule + "/actions", signedIn, writing, a.setPushRuleActions},
		{"GET", "/_matrix/client/v3/pushers", signedIn, general, a.pushers},
		{"POST", "/_matrix/client/v3/pushers/set", signedIn, writing, a.setPusher},
	}
}

// Spec: client-server API, GET /pushrules/.
func (a *API) pushRules(r *request) (any, error) {
	rules, err := a.Accounts.PushRules(r.ctx(), r.who)
	return map[string]account.PushRules{"global": rules}, err
}

// Spec: client-server API, GET /pushrules/global/.
func (a *API) globalPushRules(r *request) (any, error) {
	return a.Accounts.PushRules(r.ctx(), r.who)
}

func (a *API) rule(r *request) (account.Rule, error) {
	return a.Accounts.PushRule(r.ctx(), r.who, r.PathValue("kind"), r.PathValue("rule"))
}

// Spec: client-server API, GET /pushrules/global/{kind}/{ruleId}.
func (a *API) pushRule(r *request) (any, error) { return a.rule(r) }

// Spec: client-server API, GET /pushrules/global/{kind}/{ruleId}/enabled.
func (a *API) pushRuleEnabled(r *request) (any, error) {
	rule, err := a.rule(r)
	return map[string]bool{"enabled": rule.Enabled}, err
}

// Spec: client-server API, GET /pushrules/global/{kind}/{ruleId}/actions.
func (a *API) pushRuleActions(r *request) (any, error) {
	rule, err := a.rule(r)
	return map[string][]json.RawMessage{"actions": rule.Actions}, err
}

// Spec: client-server API, PUT /pushrules/global/{kind}/{ruleId}.
func (a *API) putPushRule(r *request) (any, error) {
	var rule account.Rule
	if err := r.decode(&rule); err != nil {
		return nil, err
	}
	rule.ID = r.PathValue("rule")
	q := r.URL.Query()
	return empty{}, a.Accounts.PutPushRule(r.ctx(), r.who, r.PathValue("kind"), rule, q.Get("before"), q.Get("after"))
}

// Spec: client-server API, DELETE /pushrules/global/{kind}/{ruleId}.
func (a *API) deletePushRule(r *request) (any, error) {
	return empty{}, a.Accounts.DeletePushRule(r.ctx(), r.who, r.PathValue("kind"), r.PathValue("rule"))
}

// Spec: client-server API, PUT /pushrules/global/{kind}/{ruleId}/enabled.
func (a *API) enablePushRule(r *request) (any, error) {
	var body struct {
		Enabled *bool `json:"enabled"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	if body.Enabled == nil {
		return nil, fault.MissingParam.New("Say \"enabled\": true or false.")
	}
	return empty{}, a.Accounts.EnablePushRule(r.ctx(), r.who, r.PathValue("kind"), r.PathValue("rule"), *body.Enabled)
}

// Spec: client-server API, PUT /pushrules/global/{kind}/{ruleId}/actions.
func (a *API) setPushRuleActions(r *request) (any, error) {
	var body struct {
		Actions []json.RawMessage `json:"actions"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	return empty{}, a.Accounts.SetPushRuleActions(r.ctx(), r.who, r.PathValue("kind"), r.PathValue("rule"), body.Actions)
}

// Spec: client-server API, GET /pushers.
func (a *API) pushers(r *request) (any, error) {
	all, err := a.Accounts.Pushers(r.ctx(), r.who)
	if all == nil {
		all = []json.RawMessage{}
	}
	return map[string][]json.RawMessage{"pushers": all}, err
}

// Spec: client-server API, POST /pushers/set.
func (a *API) setPusher(r *request) (any, error) {
	if r.service != nil {
		return nil, fault.Forbidden.New("An application service is told of what happens by transactions. Nothing is pushed to its accounts.")
	}
	var p account.Pusher
	if err := r.decode(&p); err != nil {
		return nil, err
	}
	return empty{}, a.Accounts.SetPusher(r.ctx(), r.who, p)
}
