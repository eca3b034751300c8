package event

import (
	"testing"

	"wardroom/internal/mxid"
)

// A client that knows who made a room, when, and what they said computes the room's name itself: nothing else of the server's
// making is in a create event. web/src/crypto/admission.test.ts computes this very name.
func TestARoomIsNamedAfterWhatItsMakerSaid(t *testing.T) {
	key := ""
	built, err := Build(V12, PDU{
		Type: TypeCreate, Sender: mxid.User("@lin:port.example"), StateKey: &key, OriginServerTS: 1764000000000, Depth: 1,
		Content: []byte(`{"room_version":"12","org.wardroom.clients":{"v":1,"by":"@lin:port.example","master":"bWFzdGVy","only":true}}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(built.PDU.RoomID), "!6DzRt1hiQ7i8mPk0JFRnjyC6QAt1AanRBYv0gl8QbcU"; got != want {
		t.Errorf("the room is %s, want %s", got, want)
	}
}
