package event

import "testing"

// What an outline finds is what is found without one.
func FuzzOutline(f *testing.F) {
	for _, seed := range append(fuzzSeeds, `{}`, `{"type":"x"}`, `{"a":1,"content":{"type":"y"},"sender":"@a\"b","type":"x"}`) {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		canonical, err := Canonical(raw)
		if err != nil || !Value(canonical).IsObject() {
			OutlineOf(raw) // reading is safe
			return
		}
		o := OutlineOf(canonical)
		for _, key := range append(outlined[:], "room_id", "") {
			if got, want := o.Get(canonical, key), Value(canonical).Get(key); string(got) != string(want) {
				t.Errorf("%q of %s is %s, and with an outline %s", key, canonical, want, got)
			}
		}
	})
}
