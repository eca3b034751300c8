package clientapi

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"wardroom/internal/fault"
	"wardroom/internal/media"
)

func (a *API) mediaRoutes() []route {
	return []route{
		{"POST", "/_matrix/media/v3/upload", signedIn, sending, a.upload},
		{"POST", "/_matrix/media/v1/create", signedIn, sending, a.announce},
		{"PUT", "/_matrix/media/v3/upload/{serverName}/{mediaId}", signedIn, sending, a.fill},
		{"GET", "/_matrix/client/v1/media/download/{serverName}/{mediaId}", signedIn, general, a.download},
		{"GET", "/_matrix/client/v1/media/download/{serverName}/{mediaId}/{fileName}", signedIn, general, a.download},
		{"GET", "/_matrix/client/v1/media/thumbnail/{serverName}/{mediaId}", signedIn, costly, a.thumbnail},
		{"GET", "/_matrix/client/v1/media/config", signedIn, general, a.mediaConfig},
		{"GET", "/_matrix/media/v3/config", signedIn, general, a.mediaConfig},
		{"GET", "/_matrix/media/v3/download/{serverName}/{mediaId}", open, general, a.unsignedDownload},
		{"GET", "/_matrix/media/v3/download/{serverName}/{mediaId}/{fileName}", open, general, a.unsignedDownload},
		{"GET", "/_matrix/media/v3/thumbnail/{serverName}/{mediaId}", open, general, a.unsignedDownload},
	}
}

// incoming is the file that the request carries. As an addition to the specification, org.wardroom.label is its label.
func (a *API) incoming(r *request) media.Upload {
	q := r.URL.Query()
	return media.Upload{
		Type: r.Header.Get("Content-Type"), Name: q.Get("filename"), Label: q.Get("org.wardroom.label"),
		Size: r.ContentLength, Body: r.Body, Alive: a.alive(r),
	}
}

// upload takes in a file. The answer is given when it is on disk.
//
// Spec: client-server API, POST /_matrix/media/v3/upload.
func (a *API) upload(r *request) (any, error) {
	uri, err := a.Media.Add(r.ctx(), r.who, a.incoming(r))
	a.unavailable(r, err)
	return map[string]string{"content_uri": uri}, err
}

// announce makes the address of a file that will be uploaded later.
//
// Spec: client-server API, POST /_matrix/media/v1/create.
func (a *API) announce(r *request) (any, error) {
	type answer struct {
		URI     string `json:"content_uri"`
		UntilMS int64  `json:"unused_expires_at"`
	}
	uri, until, err := a.Media.Announce(r.ctx(), r.who)
	return answer{uri, until.UnixMilli()}, err
}

// fill takes in a file that was announced.
//
// Spec: client-server API, PUT /_matrix/media/v3/upload/{serverName}/{mediaId}.
func (a *API) fill(r *request) (any, error) {
	err := a.Media.Fill(r.ctx(), r.who, r.PathValue("serverName"), r.PathValue("mediaId"), a.incoming(r))
	a.unavailable(r, err)
	return empty{}, err
}

// unavailable tells the operator where the disk, or the bucket, did not take or give a file.
func (a *API) unavailable(r *request, err error) {
	if fault.Unavailable.In(err) {
		a.Log.ErrorContext(r.ctx(), "a file can be neither kept nor given now", "err", err)
	}
}

// mediaConfig says how large a file may be.
//
// Spec: client-server API, GET /_matrix/client/v1/media/config.
func (a *API) mediaConfig(*request) (any, error) {
	return map[string]int64{"m.upload.size": a.Media.Limit}, nil
}

// unsignedDownload gives nothing: files are for those who are signed in, at the other address.
//
// Spec: client-server API, GET /_matrix/media/v3/download/{serverName}/{mediaId} (deprecated).
func (a *API) unsignedDownload(*request) (any, error) {
	return nil, fault.NotFound.New("Files are for people who are signed in. Use a client that asks at /_matrix/client/v1/media.")
}

// inline are the types that a browser may show in place, because it runs nothing that is in them.
//
// Spec: client-server API, "Serving inline content".
var inline = map[string]bool{
	"text/css": true, "text/plain": true, "text/csv": true, "application/json": true, "application/ld+json": true,
	"image/jpeg": true, "image/gif": true, "image/png": true, "image/apng": true, "image/webp": true, "image/avif": true,
	"video/mp4": true, "video/webm": true, "video/ogg": true, "video/quicktime": true,
	"audio/mp4": true, "audio/webm": true, "audio/aac": true, "audio/mpeg": true, "audio/ogg": true, "audio/wave": true,
	"audio/wav": true, "audio/x-wav": true, "audio/x-pn-wav": true, "audio/flac": true, "audio/x-flac": true,
}

// download gives the bytes of a file, or a part of them.
//
// Spec: client-server API, GET /_matrix/client/v1/media/download/{serverName}/{mediaId}.
func (a *API) download(r *request) (any, error) {
	by, err := a.reader(r)
	if err != nil {
		return nil, err
	}
	file, body, err := a.Media.Open(r.ctx(), r.PathValue("serverName"), r.PathValue("mediaId"), by)
	a.unavailable(r, err)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	name := r.PathValue("fileName")
	if name == "" {
		name = file.Name
	}
	kind, _, _ := strings.Cut(file.Type, ";")
	r.mediaHeaders(file.Type, disposition(inline[kind], name))
	r.w.Header().Set("Etag", `"`+file.ID+`"`)
	http.ServeContent(r.w, r.Request, "", time.Time{}, body)
	return nil, nil
}

// thumbnail gives a smaller picture of a file that is a picture.
//
// Spec: client-server API, GET /_matrix/client/v1/media/thumbnail/{serverName}/{mediaId}.
func (a *API) thumbnail(r *request) (any, error) {
	by, err := a.reader(r)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	width, err1 := strconv.Atoi(q.Get("width"))
	height, err2 := strconv.Atoi(q.Get("height"))
	method := q.Get("method")
	if err1 != nil || err2 != nil || method != "" && method != "crop" && method != "scale" {
		return nil, fault.InvalidParam.New(`A thumbnail needs a width and a height in pixels; its method is "crop" or "scale".`)
	}
	picture, err := a.Media.Thumbnail(r.ctx(), r.PathValue("serverName"), r.PathValue("mediaId"), by, width, height, method == "crop")
	if err != nil {
		return nil, err
	}
	_, ending, _ := strings.Cut(picture.Type, "/")
	r.mediaHeaders(picture.Type, disposition(true, "thumbnail."+ending))
	_, _ = r.w.Write(picture.Bytes) // a client that has gone misses its answer
	return nil, nil
}

// reader is who asks, with how long the request will wait for a file that has been announced.
func (a *API) reader(r *request) (media.Reader, error) {
	by := media.Reader{Who: r.who.User, Wait: 20 * time.Second, Alive: a.alive(r)}
	text := r.URL.Query().Get("timeout_ms")
	if text == "" {
		return by, nil
	}
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil || ms < 0 {
		return by, fault.InvalidParam.New("timeout_ms must be a number of milliseconds.")
	}
	by.Wait = time.Duration(min(ms, 60_000)) * time.Millisecond
	return by, nil
}

// mediaHeaders keep a browser from running what somebody uploaded, whatever it is.
//
// Spec: client-server API, "Security considerations" of the content repository.
func (r *request) mediaHeaders(kind, disposition string) {
	h := r.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", disposition)
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; script-src 'none'; plugin-types application/pdf; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, max-age=86400, immutable")
}

func disposition(inPlace bool, name string) string {
	how := "attachment"
	if inPlace {
		how = "inline"
	}
	if name == "" {
		return how
	}
	if full := mime.FormatMediaType(how, map[string]string{"filename": name}); full != "" {
		return full
	}
	return how
}
