package blob

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"wardroom/internal/config"
	"wardroom/internal/fault"
	"wardroom/internal/media"
)

const (
	// partSize is how much of a file is in memory while it is written, and how much is sent at once. S3 takes no smaller parts, and
	// 10,000 of them: 49 GiB, more than the largest upload_limit.
	partSize = 5 << 20

	attempts = 3                // how often a request is tried that had no answer
	patience = 2 * time.Minute  // how long a request may take, and how long a read may wait for its next bytes
	cleaning = 10 * time.Second // how long it may take to remove what was begun, when who began it may be gone
)

// S3 is a bucket of a server that speaks S3, or the part of one whose names begin alike. It may be used by many goroutines at once.
type S3 struct {
	at     config.S3
	client *minio.Core
}

// OpenS3 prepares to use a bucket. It asks nobody yet.
func OpenS3(at config.S3) (*S3, error) {
	id, secret, err := at.Key()
	if err != nil {
		return nil, err
	}
	client, err := minio.NewCore(at.Endpoint.Host, &minio.Options{
		Creds: credentials.NewStaticV4(id, secret, ""), Secure: at.Endpoint.Scheme == "https", Region: at.Region, MaxRetries: attempts,
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext, TLSHandshakeTimeout: 10 * time.Second,
			ResponseHeaderTimeout: patience, MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute, DisableCompression: true, ForceAttemptHTTP2: true,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	return &S3{at, client}, nil
}

// String is where the bucket is, for people.
func (s *S3) String() string { return s.at.String() }

func (s *S3) name(id string) (string, error) {
	path, err := media.Path(id)
	return s.at.Prefix + path, err
}

// Put keeps what r gives under name and returns how many bytes that were. When it returns nil, the server has all of it and has
// compared each part with its hashes; whoever opens name before that finds nothing, or what was there before. An error of r is returned
// as it is. It returns fault.Unavailable where the server does not take it. Where it fails, nothing is left, as far as the server can be
// reached; Walk removes the rest.
func (s *S3) Put(ctx context.Context, name string, r io.Reader) (n int64, err error) {
	key, err := s.name(name)
	if err != nil {
		return 0, err
	}
	part, err := fill(nil, r)
	if err != nil {
		return int64(len(part)), err
	}
	if len(part) < partSize {
		return int64(len(part)), s.putWhole(ctx, key, part)
	}
	short, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	upload, err := s.client.NewMultipartUpload(short, s.at.Bucket, key, minio.PutObjectOptions{})
	if err != nil {
		return int64(len(part)), notTaken(ctx, err)
	}
	defer func() {
		if err != nil {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleaning)
			defer cancel()
			_ = s.client.AbortMultipartUpload(ctx, s.at.Bucket, key, upload) // a server that is away does it when Walk comes by
		}
	}()
	var parts []minio.CompletePart
	for len(part) > 0 { // one after the other, so that one part of each file is in memory
		done, err := s.putPart(ctx, key, upload, len(parts)+1, part)
		if err != nil {
			return n, notTaken(ctx, err)
		}
		parts = append(parts, minio.CompletePart{PartNumber: done.PartNumber, ETag: done.ETag})
		n += int64(len(part))
		if part, err = fill(part, r); err != nil {
			return n, err
		}
	}
	return n, s.complete(ctx, key, upload, parts)
}

// fill reads up to partSize bytes of r in the place of what is in part, which grows with what comes.
func fill(part []byte, r io.Reader) ([]byte, error) {
	for part = part[:0]; len(part) < partSize; {
		if len(part) == cap(part) {
			larger := make([]byte, len(part), min(max(64<<10, 4*cap(part)), partSize))
			copy(larger, part)
			part = larger
		}
		n, err := r.Read(part[len(part):cap(part)])
		part = part[:len(part)+n]
		if err == io.EOF {
			return part, nil
		}
		if err != nil {
			return part, err
		}
	}
	return part, nil
}

func (s *S3) putWhole(ctx context.Context, key string, data []byte) error {
	short, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	md, sha := hashes(data)
	_, err := s.client.PutObject(short, s.at.Bucket, key, bytes.NewReader(data), int64(len(data)), md, sha, minio.PutObjectOptions{DisableContentSha256: true})
	return notTaken(ctx, err)
}

func (s *S3) putPart(ctx context.Context, key, upload string, number int, data []byte) (minio.ObjectPart, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	md, sha := hashes(data)
	return s.client.PutObjectPart(ctx, s.at.Bucket, key, upload, number, bytes.NewReader(data), int64(len(data)),
		minio.PutObjectPartOptions{Md5Base64: md, Sha256Hex: sha, DisableContentSha256: true})
}

func (s *S3) complete(ctx context.Context, key, upload string, parts []minio.CompletePart) error {
	short, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := s.client.CompleteMultipartUpload(short, s.at.Bucket, key, upload, parts, minio.PutObjectOptions{})
	return notTaken(ctx, err)
}

// hashes are what S3 compares with what it received: the first by itself, the second with the signature of the request. minio-go would
// make the second from what it sends, in a form of its own, unless that is "disabled".
func hashes(data []byte) (md, sha string) {
	m, s := md5.Sum(data), sha256.Sum256(data)
	return base64.StdEncoding.EncodeToString(m[:]), hex.EncodeToString(s[:])
}

// notTaken is why something was not kept.
func notTaken(ctx context.Context, err error) error {
	return refusal(ctx, err, "The server cannot reach the place where it keeps files. Nothing of this file was kept. Try again later, and tell whoever runs the server if it lasts.")
}

// notGiven is why something cannot be read.
func notGiven(ctx context.Context, err error) error {
	return refusal(ctx, err, "The server cannot reach the place where it keeps files. Try again later, and tell whoever runs the server if it lasts.")
}

// refusal gives an error of the S3 server, or of the way to it, as one that people may read; fs.ErrNotExist where there is nothing of the
// name, and the error of ctx where that has ended.
func refusal(ctx context.Context, err error, says string) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	told := minio.ToErrorResponse(err)
	if told.Code == minio.NoSuchKey {
		return fmt.Errorf("%s: %w", told.Key, fs.ErrNotExist)
	}
	if told.Code != "" {
		err = fmt.Errorf("the S3 server answers %s: %w", told.Code, err)
	}
	return fault.Unavailable.Wrap(err, "%s", says)
}

// Open opens the object called name. Where there is none, the error is fs.ErrNotExist. What is read is one object from its beginning to
// its end, also where a connection breaks on the way; where the object is gone by then, reading fails.
func (s *S3) Open(ctx context.Context, name string) (io.ReadSeekCloser, error) {
	key, err := s.name(name)
	if err != nil {
		return nil, err
	}
	o := &object{ctx: ctx, s: s, key: key}
	if err := o.ask(); err != nil {
		return nil, err
	}
	return o, nil
}

// object is an object that is being read.
type object struct {
	ctx  context.Context
	s    *S3
	key  string
	etag string // of what was opened
	size int64

	at    int64         // where the next Read begins
	body  io.ReadCloser // of one request; nil: none is under way
	next  int64         // what body gives next
	stop  context.CancelFunc
	stuck *time.Timer // calls stop
	fresh bool        // body has given nothing yet
}

// ask begins a request for what is from o.at on.
func (o *object) ask() error {
	o.drop()
	opts := minio.GetObjectOptions{}
	if o.etag != "" {
		if err := errors.Join(opts.SetMatchETag(o.etag), opts.SetRange(o.at, o.size-1)); err != nil {
			return err
		}
	}
	ctx, stop := context.WithCancel(o.ctx)
	stuck := time.AfterFunc(patience, stop)
	body, about, _, err := o.s.client.GetObject(ctx, o.s.at.Bucket, o.key, opts)
	stuck.Stop()
	if err != nil {
		stop()
		return notGiven(o.ctx, err)
	}
	switch {
	case o.etag == "":
		o.etag, o.size = about.ETag, about.Size
	case about.Size != o.size-o.at:
		stop()
		body.Close()
		return notGiven(o.ctx, fmt.Errorf("the S3 server gives %d bytes of %s from %d on, and there are %d", about.Size, o.key, o.at, o.size-o.at))
	}
	o.body, o.next, o.stop, o.stuck, o.fresh = body, o.at, stop, stuck, true
	return nil
}

// drop ends the request that is under way.
func (o *object) drop() {
	if o.body != nil {
		o.stop()
		o.body.Close()
		o.body = nil
	}
}

// Read reads on.
func (o *object) Read(p []byte) (n int, err error) {
	if o.at >= o.size {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	for {
		if o.body == nil || o.next != o.at {
			if err := o.ask(); err != nil {
				return 0, err
			}
		}
		o.stuck.Reset(patience)
		n, err = o.body.Read(p[:min(int64(len(p)), o.size-o.at)])
		o.stuck.Stop()
		if n > 0 {
			o.at, o.next, o.fresh = o.at+int64(n), o.next+int64(n), false
			return n, nil // an error comes again with the next Read
		}
		if err == nil {
			continue
		}
		again := !o.fresh && o.ctx.Err() == nil // a connection that broke on the way; one that gives nothing at all is not tried again
		o.drop()
		if !again {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return 0, notGiven(o.ctx, err)
		}
	}
}

// Seek says where to read next. It asks nobody.
func (o *object) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += o.at
	case io.SeekEnd:
		offset += o.size
	}
	if offset < 0 {
		return o.at, errors.New("seeking to before the beginning of a file")
	}
	o.at = offset
	return offset, nil
}

// Close ends reading.
func (o *object) Close() error {
	o.drop()
	o.at = o.size
	return nil
}

// Remove removes the object called name, if there is one.
func (s *S3) Remove(ctx context.Context, name string) error {
	key, err := s.name(name)
	if err != nil {
		return err
	}
	return s.remove(ctx, key)
}

func (s *S3) remove(ctx context.Context, key string) error {
	short, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := s.client.RemoveObject(short, s.at.Bucket, key, minio.RemoveObjectOptions{})
	if err = notGiven(ctx, err); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Walk calls each with the name of every object that was last written before before, in the order of the names. Uploads that were begun
// before then and never finished are ended first.
func (s *S3) Walk(ctx context.Context, before time.Time, each func(name string) error) error {
	var failed error
	for u := range s.client.ListIncompleteUploads(ctx, s.at.Bucket, s.at.Prefix, true) { // to its end, or it leaves a goroutine
		err := u.Err
		if err == nil && u.Initiated.Before(before) && s.ours(u.Key) {
			err = s.client.AbortMultipartUpload(ctx, s.at.Bucket, u.Key, u.UploadID)
		}
		if err != nil && minio.ToErrorResponse(err).Code != minio.NoSuchUpload {
			failed = err
		}
	}
	if failed != nil {
		return notGiven(ctx, failed)
	}
	for o := range s.client.ListObjectsIter(ctx, s.at.Bucket, minio.ListObjectsOptions{Prefix: s.at.Prefix, Recursive: true}) {
		if o.Err != nil {
			return notGiven(ctx, o.Err)
		}
		if o.LastModified.Before(before) && s.ours(o.Key) {
			if err := each(path.Base(o.Key)); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// ours reports whether key is where a file of its name lies.
func (s *S3) ours(key string) bool {
	at, err := s.name(path.Base(key))
	return err == nil && at == key
}

// Mark is what SetMark has kept; empty where nothing was.
func (s *S3) Mark(ctx context.Context) (string, error) {
	o := &object{ctx: ctx, s: s, key: s.at.Prefix + mark}
	if err := o.ask(); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	} else if err != nil {
		return "", err
	}
	defer o.Close()
	text, err := io.ReadAll(io.LimitReader(o, 1<<10))
	return strings.TrimSpace(string(text)), err
}

// SetMark keeps a line by which a server knows its files. An empty one removes it.
func (s *S3) SetMark(ctx context.Context, line string) error {
	if line == "" {
		return s.remove(ctx, s.at.Prefix+mark)
	}
	return s.putWhole(ctx, s.at.Prefix+mark, []byte(line+"\n"))
}

// Probe writes an object, reads it and removes it. It returns an error that says what is not possible.
func (s *S3) Probe(ctx context.Context) error {
	name, text := rand.Text(), rand.Text()
	if _, err := s.Put(ctx, name, strings.NewReader(text)); err != nil {
		return fmt.Errorf("nothing can be written to %s: %w", s, cause(err))
	}
	err := s.reads(ctx, name, text)
	if gone := s.Remove(ctx, name); gone != nil {
		return errors.Join(err, fmt.Errorf("nothing can be removed from %s: %w", s, cause(gone)))
	}
	if err != nil {
		return fmt.Errorf("nothing can be read from %s: %w", s, cause(err))
	}
	for o := range s.client.ListObjectsIter(ctx, s.at.Bucket, minio.ListObjectsOptions{Prefix: s.at.Prefix, Recursive: true, MaxKeys: 1}) {
		if o.Err != nil {
			return fmt.Errorf("what is in %s cannot be listed: %w", s, cause(notGiven(ctx, o.Err)))
		}
		break
	}
	return nil
}

func (s *S3) reads(ctx context.Context, name, want string) error {
	o, err := s.Open(ctx, name)
	if err != nil {
		return err
	}
	defer o.Close()
	have, err := io.ReadAll(o)
	if err == nil && string(have) != want {
		err = errors.New("it is not what was written")
	}
	return err
}

// cause is what the operator may read of a refusal.
func cause(err error) error {
	var refused *fault.Fault
	if errors.As(err, &refused) && refused.Cause != nil {
		return refused.Cause
	}
	return err
}
