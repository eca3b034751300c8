package event

// Outline is where those members of an event stand in its JSON that are asked for most: who has it finds them without going through the event
// again. The zero Outline knows nothing.
type Outline [len(outlined)]struct{ from, to uint32 }

var outlined = [...]string{"content", "origin_server_ts", "redacts", "sender", "state_key", "type"}

// OutlineOf is the outline of raw, an event in canonical form.
func OutlineOf(raw []byte) (o Outline) {
	n := 0
	for i := 1; i < len(raw) && raw[i] == '"'; i++ {
		colon := Value(raw).skipString(i)
		if colon < i+2 || colon+1 >= len(raw) || raw[colon] != ':' {
			break
		}
		key, from := raw[i+1:colon-1], colon+1
		i = Value(raw).skip(from)
		for n < len(outlined) && outlined[n] < string(key) { // canonical keys are sorted
			n++
		}
		if n < len(outlined) && outlined[n] == string(key) {
			o[n].from, o[n].to = uint32(from), uint32(i)
		}
	}
	return o
}

// Known reports whether this is the outline of an event.
func (o *Outline) Known() bool { return o[len(o)-1].to > 0 }

// Get is the member of raw, whose outline this is, that has this key; nil where there is none.
func (o *Outline) Get(raw []byte, key string) Value {
	for i := range outlined {
		if outlined[i] == key {
			return o.at(raw, i)
		}
	}
	return Value(raw).Get(key)
}

func (o *Outline) at(raw []byte, i int) Value {
	if o[i].to == 0 {
		return nil
	}
	return Value(raw[o[i].from:o[i].to:o[i].to])
}
