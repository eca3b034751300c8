// Minio builds a real MinIO server, starts it for the occasion and runs the tests of package blob with it as well: `make minio-test`.
//
// MinIO is under the AGPL. It is a program of its own, which is built from the Go module proxy when this runs, outside of this module; no line
// of it is in Wardroom.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"
)

// version is MinIO's; its releases are not versions that Go knows.
const version = "v0.0.0-20260212201848-7aac2a2c5b7c"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "minio-test:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	bin, err := filepath.Abs(filepath.Join("bin", "minio-"+version))
	if err != nil {
		return err
	}
	program := filepath.Join(bin, "minio")
	if _, err := os.Stat(program); err != nil {
		fmt.Println("building MinIO, once; that takes some minutes")
		if err := command(ctx, []string{"GOBIN=" + bin}, "go", "install", "github.com/minio/minio@"+version).Run(); err != nil {
			return fmt.Errorf("MinIO cannot be built from the Go module proxy here, so nothing was shown: %w", err)
		}
	}
	dir, err := os.MkdirTemp("", "minio-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	at, err := free()
	if err != nil {
		return err
	}
	console, err := free()
	if err != nil {
		return err
	}
	secret := rand.Text()
	server := command(ctx, []string{"MINIO_ROOT_USER=wardroom", "MINIO_ROOT_PASSWORD=" + secret}, program, "server", "--quiet", "--address", at, "--console-address", console, filepath.Join(dir, "data"))
	if err := server.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	defer func() {
		_ = server.Process.Kill() // it may have ended by itself
		<-ended
	}()
	if err := ready(ctx, "http://"+at+"/minio/health/live", ended); err != nil {
		return err
	}
	key := filepath.Join(dir, "key")
	if err := os.WriteFile(key, []byte("wardroom\n"+secret+"\n"), 0o600); err != nil {
		return err
	}
	where := "s3://wardroom-test/files?" + url.Values{"endpoint": {"http://" + at}, "keyfile": {key}}.Encode()
	return command(ctx, []string{"WARDROOM_TEST_S3=" + where}, "go", "test", "-count=1", "-v", "-run", "/real", "./internal/blob").Run()
}

func command(ctx context.Context, environment []string, name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, name, args...)
	c.Stdout, c.Stderr, c.Env = os.Stdout, os.Stderr, append(os.Environ(), environment...)
	return c
}

// free is an address of this machine that nothing listens at.
func free() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// ready returns when the server answers at address.
func ready(ctx context.Context, address string, ended chan error) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-ended:
			ended <- err
			return fmt.Errorf("MinIO has ended: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("MinIO does not answer: %w", ctx.Err())
		case <-look.C:
		}
	}
}
