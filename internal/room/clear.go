package room

import (
	"fmt"
	"strings"

	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

// What may stand in clear in an encrypted room, in bytes.
const (
	maxEmoji = 64   // what a reaction says: the longest emoji have 35, and some clients give an address of a picture
	maxStep  = 4096 // a step of verifying somebody
	maxWords = 512  // a sentence in such a step, for clients that do not know it
)

// checkClear refuses content that the server could read, where the room is encrypted: it takes encrypted events, and what
// Matrix clients send in clear in every room, each with what it consists of and nothing else. It is a list of what may be, so that
// new kinds of content are not let through.
func (d *draft) checkClear(pdu *event.PDU) error {
	what := legible(pdu)
	if what == "" {
		return nil
	}
	encryption, err := d.now(typeEncryption, "")
	if err != nil {
		return err
	}
	create, err := d.now(event.TypeCreate, "")
	if err != nil {
		return err
	}
	if encryption == nil && create.Get(announcement).Bool() {
		return nil
	}
	return fault.Forbidden.New("This room is end-to-end encrypted, and this server takes nothing unencrypted in it (%s). Send it with a client that encrypts.", what)
}

// legible names what of a message event can be read though nobody needs to; "" where there is nothing.
func legible(pdu *event.PDU) string {
	content := event.Value(pdu.Content)
	switch step, isStep := strings.CutPrefix(pdu.Type, "m.key.verification."); {
	case pdu.Type == typeEncrypted:
		if content.Get("algorithm").Text() != megolm || content.Get("ciphertext").Text() == "" {
			return typeEncrypted + " without algorithm and ciphertext"
		}
		return stray(content, ciphertext)
	case pdu.Type == typeReaction:
		return stray(content, reaction)
	case pdu.Type == typeMessage && content.Get("msgtype").Text() == "m.key.verification.request":
		return strayInStep(content, "request")
	case isStep:
		return strayInStep(content, step)
	}
	return pdu.Type
}

// parts are the members that an object may have, each with what its value has to be.
type parts map[string]func(event.Value) bool

// stray names a member of object that is none of its parts; "" where there is none.
func stray(object event.Value, of parts) string {
	for key, value := range object.Each() {
		if is := of[key]; is == nil || !is(value) {
			return fmt.Sprintf("%.40q", key)
		}
	}
	return ""
}

// made says that a value is an object of these parts.
func made(of parts) func(event.Value) bool {
	return func(v event.Value) bool { return v.IsObject() && stray(v, of) == "" }
}

// word says that a value is a text of at most that many bytes.
func word(bytes int) func(event.Value) bool {
	return func(v event.Value) bool { return v.IsString() && len(v.Text()) <= bytes }
}

var (
	short = word(mxid.MaxLen)
	reply = made(parts{"event_id": short})

	relation = parts{
		"rel_type": short, "event_id": short, "key": word(maxEmoji), "m.in_reply_to": reply,
		"is_falling_back": func(v event.Value) bool { return string(v) == "true" || string(v) == "false" },
	}

	// related is what relates to other events: as the specification has it, and as nheko says it besides.
	related = parts{
		"m.relates_to": made(relation),
		"im.nheko.relations.v1.relations": func(v event.Value) bool {
			for one := range v.Items() {
				if !made(relation)(one) {
					return false
				}
			}
			return v.IsList()
		},
	}

	// ciphertext is what stands in an encrypted event. m.new_content is nheko's, where a reply is edited.
	//
	// Spec: client-server API, m.room.encrypted.
	ciphertext = with(related, parts{
		"algorithm": short, "ciphertext": event.Value.IsString, "sender_key": short, "device_id": short, "session_id": short,
		"m.new_content": made(parts{"m.relates_to": made(relation)}),
	})

	// reaction is what stands in a reaction: clients that do not encrypt them send them so. Some add what the emoji is called.
	//
	// Spec: client-server API, m.reaction.
	reaction = with(related, parts{"shortcode": word(maxEmoji), "com.beeper.reaction.shortcode": word(maxEmoji)})
)

func with(some, more parts) parts {
	all := parts{}
	for _, of := range []parts{some, more} {
		for key, is := range of {
			all[key] = is
		}
	}
	return all
}

// steps are what stands in each step of two people's verifying each other. Clients built on matrix-js-sdk send them in
// clear in every room (docs/decisions/trust.md).
//
// Spec: client-server API, "Key verification framework".
var steps = map[string]parts{
	"request": {
		"msgtype": short, "from_device": short, "methods": event.Value.IsList, "to": short,
		"body": word(maxWords), "format": short, "formatted_body": word(maxWords),
	},
	"ready": with(related, parts{"from_device": short, "methods": event.Value.IsList}),
	"start": with(related, parts{
		"from_device": short, "method": short, "next_method": short, "key_agreement_protocols": event.Value.IsList, "hashes": event.Value.IsList,
		"message_authentication_codes": event.Value.IsList, "short_authentication_string": event.Value.IsList, "secret": short,
	}),
	"accept": with(related, parts{
		"method": short, "key_agreement_protocol": short, "hash": short, "message_authentication_code": short,
		"short_authentication_string": event.Value.IsList, "commitment": short,
	}),
	"key":    with(related, parts{"key": short}),
	"mac":    with(related, parts{"mac": event.Value.IsObject, "keys": short}),
	"done":   related,
	"cancel": with(related, parts{"code": short, "reason": word(maxWords)}),
}

// strayInStep is stray for a step of verification.
func strayInStep(content event.Value, step string) string {
	of := steps[step]
	if of == nil || len(content) > maxStep {
		return "m.key.verification." + step
	}
	return stray(content, of)
}
