// Package fault holds refusals: what went wrong, and the sentence the person at the client may read about it.
//
// A fault is made where the refusal is decided and answered in one place (package clientapi). Any other error is the
// server's own failure: the client reads "internal error" and the cause is logged once.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Code is a Matrix error code together with the HTTP status that carries it.
//
// Spec: client-server API, "Standard error response".
type Code struct {
	Name   string
	Status int
}

// The codes Wardroom answers with.
var (
	BadAlias            = Code{"M_BAD_ALIAS", 400}
	BadJSON             = Code{"M_BAD_JSON", 400}
	BadState            = Code{"M_BAD_STATE", 400}
	BadRequest          = Code{"M_UNKNOWN", 400} // where the specification has no better code
	CannotOverwrite     = Code{"M_CANNOT_OVERWRITE_MEDIA", 409}
	DuplicateAnnotation = Code{"M_DUPLICATE_ANNOTATION", 400}
	Exclusive           = Code{"M_EXCLUSIVE", 400}
	Finalised           = Code{"M_NOT_FOUND", 409} // of a delayed event: MSC4140 asks for the status, and clients know the name
	Forbidden           = Code{"M_FORBIDDEN", 403}
	UserSuspended       = Code{"M_USER_SUSPENDED", 403}
	InvalidParam        = Code{"M_INVALID_PARAM", 400}
	InvalidSignature    = Code{"M_INVALID_SIGNATURE", 400}
	InvalidRoomState    = Code{"M_INVALID_ROOM_STATE", 400}
	InvalidUsername     = Code{"M_INVALID_USERNAME", 400}
	InviteBlocked       = Code{"M_INVITE_BLOCKED", 403}
	KeyTooLarge         = Code{"M_KEY_TOO_LARGE", 400}
	LimitExceeded       = Code{"M_LIMIT_EXCEEDED", 429}
	MissingParam        = Code{"M_MISSING_PARAM", 400}
	MissingToken        = Code{"M_MISSING_TOKEN", 401}
	NotFound            = Code{"M_NOT_FOUND", 404}
	NotJSON             = Code{"M_NOT_JSON", 400}
	ProfileTooLarge     = Code{"M_PROFILE_TOO_LARGE", 400}
	NotYetUploaded      = Code{"M_NOT_YET_UPLOADED", 504}
	OverQuota           = Code{"M_RESOURCE_LIMIT_EXCEEDED", 403} // what one account may keep here
	RoomInUse           = Code{"M_ROOM_IN_USE", 400}
	ThreepidAuthFailed  = Code{"M_THREEPID_AUTH_FAILED", 403}
	ThreepidDenied      = Code{"M_THREEPID_DENIED", 403}
	ThreepidInUse       = Code{"M_THREEPID_IN_USE", 400}
	ThreepidMedium      = Code{"M_THREEPID_MEDIUM_NOT_SUPPORTED", 400}
	TooLarge            = Code{"M_TOO_LARGE", 413}
	Unauthorized        = Code{"M_UNAUTHORIZED", 401}
	Unavailable         = Code{"M_UNKNOWN", 503} // not now, through no fault of who asks
	Unknown             = Code{"M_UNKNOWN", 500}
	UnknownDevice       = Code{"M_UNKNOWN_DEVICE", 400}
	UnknownPos          = Code{"M_UNKNOWN_POS", 400}
	UnknownToken        = Code{"M_UNKNOWN_TOKEN", 401}
	Unrecognized        = Code{"M_UNRECOGNIZED", 404}
	WrongMethod         = Code{"M_UNRECOGNIZED", 405}
	UnsupportedVersion  = Code{"M_UNSUPPORTED_ROOM_VERSION", 400}
	Unsupported         = Code{"M_UNKNOWN", 400}
	UserInUse           = Code{"M_USER_IN_USE", 400}
	WeakPassword        = Code{"M_WEAK_PASSWORD", 400}
	// of a proposal that is not in a version of the specification yet (MSC4306)
	NotInThread               = Code{"IO.ELEMENT.MSC4306.M_NOT_IN_THREAD", 400}
	ConflictingUnsubscription = Code{"IO.ELEMENT.MSC4306.M_CONFLICTING_UNSUBSCRIPTION", 409}

	WrongKeysVersion = Code{"M_WRONG_ROOM_KEYS_VERSION", 403}
)

// Fault is a refusal. Says is written for the person at the client: what was refused and what to do. Cause, where there
// is one, is for the log alone. More holds what else the client's answer carries beside errcode and error (for example
// "current_version" of a key backup).
type Fault struct {
	Code       Code
	Says       string
	Cause      error
	RetryAfter time.Duration
	More       map[string]any
}

// Error names the code, the sentence and the cause.
func (f *Fault) Error() string {
	if f.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", f.Code.Name, f.Says, f.Cause)
	}
	return f.Code.Name + ": " + f.Says
}

// Unwrap gives the cause.
func (f *Fault) Unwrap() error { return f.Cause }

// New makes a fault that says the formatted sentence.
func (c Code) New(format string, args ...any) *Fault {
	return &Fault{Code: c, Says: fmt.Sprintf(format, args...)}
}

// Wrap makes a fault with a cause that only the log shows.
func (c Code) Wrap(cause error, format string, args ...any) *Fault {
	return &Fault{Code: c, Says: fmt.Sprintf(format, args...), Cause: cause}
}

// In reports whether err is, or wraps, a fault with this code.
func (c Code) In(err error) bool {
	var f *Fault
	return errors.As(err, &f) && f.Code == c
}
