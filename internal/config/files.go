package config

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
)

// S3 is a place for files in a bucket of a server that speaks S3.
type S3 struct {
	Endpoint *url.URL // the server's; nothing but its scheme and host
	Region   string
	Bucket   string
	Prefix   string // of the names of all files, with a slash at its end; or empty
	KeyFile  string // names the access key, and its secret in the line below
}

// s3Region is what Region is where nobody says another one: that of servers which have none.
const s3Region = "us-east-1"

var (
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	prefixName = regexp.MustCompile(`^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$`)
)

// ParseS3 reads the address of a place for files. Its error says what is wrong with it, and nothing that is secret in it.
func ParseS3(address string) (S3, error) {
	const like = "s3://bucket/prefix?endpoint=https://s3.example.org&keyfile=/etc/wardroom/s3.key"
	wrong := func(format string, args ...any) (S3, error) { return S3{}, fmt.Errorf(format, args...) }
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "s3" || u.Fragment != "" || u.Opaque != "" {
		return wrong("is not an address such as %s; leave it empty for the data folder", like)
	}
	if u.User != nil {
		return wrong("has an access key in it; write that into a file, its secret into the line below, and name the file, as in %s", like)
	}
	s := S3{Bucket: u.Host, Prefix: strings.Trim(u.Path, "/"), Region: s3Region}
	if !bucketName.MatchString(s.Bucket) {
		return wrong("names no bucket after s3://; one has 3 to 63 small letters, digits, dots and hyphens")
	}
	if s.Prefix != "" {
		if !prefixName.MatchString(s.Prefix) || slices.ContainsFunc(strings.Split(s.Prefix, "/"), func(part string) bool { return part == "." || part == ".." }) {
			return wrong("what follows the bucket has other characters than A to Z, a to z, 0 to 9 and . _ - /")
		}
		s.Prefix += "/"
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return wrong("cannot be read after \"?\"; it is like %s", like)
	}
	for name, values := range q {
		if !slices.Contains([]string{"endpoint", "region", "keyfile"}, name) || len(values) > 1 {
			return wrong("endpoint, region and keyfile may stand after \"?\", once each; the key itself stands in the file that keyfile names")
		}
	}
	if region := q.Get("region"); region != "" {
		s.Region = region
	}
	s.Endpoint, err = url.Parse(q.Get("endpoint"))
	switch {
	case err != nil || s.Endpoint.Hostname() == "" || s.Endpoint.User != nil || strings.Trim(s.Endpoint.Path, "/") != "" || s.Endpoint.RawQuery != "" || s.Endpoint.Fragment != "":
		return wrong("endpoint is not the address of a server, such as endpoint=https://s3.example.org")
	case s.Endpoint.Scheme == "http" && !Local(s.Endpoint.Host):
		return wrong("endpoint is on another machine, and what passes would not be encrypted; write https")
	case s.Endpoint.Scheme != "https" && s.Endpoint.Scheme != "http":
		return wrong("endpoint does not begin with https")
	}
	s.Endpoint.Path = ""
	if s.KeyFile = q.Get("keyfile"); s.KeyFile == "" {
		return wrong("names no keyfile: a file with the access key in its first line and the secret in its second, as in %s", like)
	}
	if _, _, err := s.Key(); err != nil {
		return S3{}, err
	}
	return s, nil
}

// Key reads the access key and its secret.
func (s *S3) Key() (id, secret string, err error) {
	text, err := os.ReadFile(s.KeyFile)
	if err != nil {
		return "", "", fmt.Errorf("keyfile: %w", err)
	}
	words := strings.Fields(string(text))
	if len(words) != 2 {
		return "", "", errors.New("keyfile: " + s.KeyFile + " has not two lines, the access key and its secret")
	}
	return words[0], words[1], nil
}

// String is where the place is, for people.
func (s *S3) String() string {
	return fmt.Sprintf("s3://%s/%s at %s", s.Bucket, s.Prefix, s.Endpoint)
}
