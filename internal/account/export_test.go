package account

// OneForm is oneForm.
var OneForm = oneForm
