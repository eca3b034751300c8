package clientapi

// stopped is what a suspended person may not do: what reaches others. They read, sign in and out, keep their keys, verify devices, delete what they
// wrote, leave rooms, report, object, and close their account.
//
// Spec: client-server API, "Account suspension".
var stopped = map[string]bool{
	"POST /_matrix/client/v3/createRoom":                                                               true,
	"POST /_matrix/client/v3/rooms/{roomId}/upgrade":                                                   true,
	"POST /_matrix/client/v3/join/{roomIdOrAlias}":                                                     true,
	"POST /_matrix/client/v3/rooms/{roomId}/join":                                                      true,
	"POST /_matrix/client/v3/knock/{roomIdOrAlias}":                                                    true,
	"POST /_matrix/client/v3/rooms/{roomId}/invite":                                                    true,
	"POST /_matrix/client/v3/rooms/{roomId}/kick":                                                      true,
	"POST /_matrix/client/v3/rooms/{roomId}/ban":                                                       true,
	"POST /_matrix/client/v3/rooms/{roomId}/unban":                                                     true,
	"PUT /_matrix/client/v3/rooms/{roomId}/send/{eventType}/{txnId}":                                   true,
	"PUT /_matrix/client/v3/rooms/{roomId}/state/{eventType}":                                          true,
	"PUT /_matrix/client/v3/rooms/{roomId}/state/{eventType}/{$}":                                      true,
	"PUT /_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}":                               true,
	"PUT /_matrix/client/v3/rooms/{roomId}/typing/{user}":                                              true,
	"PUT /_matrix/client/unstable/org.matrix.msc4140/rooms/{roomId}/delayed_event/{eventType}/{txnId}": true,
	"PUT /_matrix/client/v3/profile/{user}/{field}":                                                    true,
	"DELETE /_matrix/client/v3/profile/{user}/{field}":                                                 true,
	"PUT /_matrix/client/v3/directory/room/{roomAlias}":                                                true,
	"DELETE /_matrix/client/v3/directory/room/{roomAlias}":                                             true,
	"PUT /_matrix/client/v3/directory/list/room/{roomId}":                                              true,
	"POST /_matrix/client/unstable/org.wardroom/invitations":                                           true,
	"POST /_matrix/media/v3/upload":                                                                    true,
	"POST /_matrix/media/v1/create":                                                                    true,
	"PUT /_matrix/media/v3/upload/{serverName}/{mediaId}":                                              true,
	"POST /_matrix/client/v3/user/{user}/openid/request_token":                                         true,
	"POST /_matrix/client/unstable/org.wardroom/warrants":                                              true,
	"POST /_matrix/client/unstable/org.wardroom/warrants/{hash}/approve":                               true,
	"POST /_matrix/client/unstable/org.wardroom/warrants/{hash}/refuse":                                true,
}
