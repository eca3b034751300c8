package event

import "testing"

func TestRelation(t *testing.T) {
	for _, c := range []struct {
		name, content string
		want          Relates
	}{
		{"none", `{"body":"x"}`, Relates{}},
		{"reaction", `{"m.relates_to":{"rel_type":"m.annotation","event_id":"$a","key":"👍"}}`, Relates{Type: RelAnnotation, Event: "$a", Key: "👍"}},
		{"edit", `{"m.new_content":{},"m.relates_to":{"rel_type":"m.replace","event_id":"$a"}}`, Relates{Type: RelReplace, Event: "$a"}},
		{"reply", `{"m.relates_to":{"m.in_reply_to":{"event_id":"$a"}}}`, Relates{InReplyTo: "$a"}},
		{
			"thread", `{"m.relates_to":{"rel_type":"m.thread","event_id":"$root","is_falling_back":true,"m.in_reply_to":{"event_id":"$last"}}}`,
			Relates{Type: RelThread, Event: "$root", InReplyTo: "$last", FallingBack: true},
		},
		{"of one's own", `{"m.relates_to":{"rel_type":"org.example.vote","event_id":"$a"}}`, Relates{Type: "org.example.vote", Event: "$a"}},
		{"no type", `{"m.relates_to":{"event_id":"$a","key":"x"}}`, Relates{}},
		{"no event", `{"m.relates_to":{"rel_type":"m.annotation","key":"x"}}`, Relates{}},
		{"no event ID", `{"m.relates_to":{"rel_type":"m.annotation","event_id":"a","m.in_reply_to":{"event_id":5}}}`, Relates{}},
		{"wrong kinds", `{"m.relates_to":{"rel_type":1,"event_id":{},"key":[],"m.in_reply_to":"$a","is_falling_back":"true"}}`, Relates{}},
		{"no object", `{"m.relates_to":"$a"}`, Relates{}},
		{"null", `{"m.relates_to":null}`, Relates{}},
		{"wrong case", `{"M.RELATES_TO":{"rel_type":"m.thread","event_id":"$a"}}`, Relates{}},
		{"deeper", `{"x":{"m.relates_to":{"rel_type":"m.thread","event_id":"$a"}}}`, Relates{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Relation(canonical(c.content)); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}
