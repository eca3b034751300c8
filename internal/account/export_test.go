package account

// OneForm is oneForm.
var OneForm = oneForm

// HashAsUsual lets passwords cost what they do outside of tests.
func HashAsUsual(a *Accounts) { a.cost = usual }
