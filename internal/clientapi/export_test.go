package clientapi

// Routes lists every route as "METHOD path", for tests that must not forget one.
func (a *API) Routes() []string {
	var all []string
	for _, rt := range a.routes() {
		all = append(all, rt.method+" "+rt.path)
	}
	return all
}
