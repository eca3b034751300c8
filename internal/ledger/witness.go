package ledger

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// maxRequest bounds a request to a witness, and maxProof the lines of the proof in it: enough for any log there will ever be.
const (
	maxRequest = 16 << 10
	maxProof   = 63
)

// Witness signs how far it has seen others' logs, and never signs a log that does not contain all that it has seen. What it has seen is in
// one file for each log, and on disk before it signs.
//
// Spec: c2sp.org/tlog-witness and c2sp.org/tlog-cosignature.
type Witness struct {
	folder string
	signer *torchwood.CosignatureSigner
	logs   map[string]note.Verifier // by origin

	mu sync.Mutex // one request at a time: between looking at what was seen and keeping it nothing happens
}

// OpenWitness opens the witness in a folder, which nobody else may be using, or makes one that is called name. It knows the logs with these
// keys. It returns an error where the witness in the folder has another name.
func OpenWitness(folder, name string, logs []string) (*Witness, error) {
	w := &Witness{folder: folder, logs: map[string]note.Verifier{}}
	for _, key := range logs {
		v, err := note.NewVerifier(key)
		if err != nil {
			return nil, fmt.Errorf("%q is not the key of a log: %w", key, err)
		}
		if w.logs[v.Name()] != nil {
			return nil, fmt.Errorf("two keys are for the log %s", v.Name())
		}
		w.logs[v.Name()] = v
	}
	file := filepath.Join(folder, "key")
	kept, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		kept = []byte(name + "\n" + base64.StdEncoding.EncodeToString(key.Seed()) + "\n")
		if _, err := torchwood.NewCosignatureSigner(name, key); err != nil {
			return nil, fmt.Errorf("a witness cannot be called %q: %w", name, err)
		}
		if err := keep(file, kept); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	is, seed64, _ := strings.Cut(strings.TrimSpace(string(kept)), "\n")
	seed, err := base64.StdEncoding.DecodeString(seed64)
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("%s holds no key of a witness", file)
	}
	if is != name {
		return nil, fmt.Errorf("the witness in %s is called %s; its name is part of its key and cannot change", folder, is)
	}
	w.signer, err = torchwood.NewCosignatureSigner(name, ed25519.NewKeyFromSeed(seed))
	return w, err
}

// Key is the key that checks the witness' signatures.
func (w *Witness) Key() string { return w.signer.Verifier().String() }

// ServeHTTP answers POST /add-checkpoint.
func (w *Witness) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/add-checkpoint" {
		http.NotFound(rw, r)
		return
	}
	if r.Method != http.MethodPost {
		http.Error(rw, "This address takes POST.", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxRequest))
	if err != nil {
		http.Error(rw, "The request is too long, or ended early.", http.StatusBadRequest)
		return
	}
	status, answer := w.answer(body)
	if status == http.StatusConflict {
		rw.Header().Set("Content-Type", "text/x.tlog.size")
	}
	rw.WriteHeader(status)
	_, _ = rw.Write(answer) // who has gone asks again
}

// answer is what a request to add a checkpoint is answered: the signature, or why there is none.
func (w *Witness) answer(body []byte) (status int, answer []byte) {
	refuse := func(status int, why string) (int, []byte) { return status, []byte(why + "\n") }
	old, proof, signed, err := parseRequest(body)
	if err != nil {
		return refuse(http.StatusBadRequest, err.Error())
	}
	origin, _, _ := strings.Cut(string(signed), "\n")
	log := w.logs[origin]
	if log == nil {
		return refuse(http.StatusNotFound, "This witness does not know the log.")
	}
	n, err := note.Open(signed, note.VerifierList(log))
	if err != nil {
		return refuse(http.StatusForbidden, "The log has not signed this with the key that this witness knows.")
	}
	c, err := torchwood.ParseCheckpoint(n.Text)
	if err != nil || c.Origin != origin {
		return refuse(http.StatusBadRequest, "That is no checkpoint.")
	}
	if old > c.N {
		return refuse(http.StatusBadRequest, "The checkpoint has fewer entries than the old one.")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	seen, err := w.seen(origin)
	if err != nil {
		return refuse(http.StatusInternalServerError, "What this witness has seen cannot be read.")
	}
	if old != seen.N || seen.N == c.N && seen.Hash != c.Hash && seen.N > 0 {
		return refuse(http.StatusConflict, strconv.FormatInt(seen.N, 10))
	}
	if seen.N == 0 && len(proof) > 0 {
		return refuse(http.StatusBadRequest, "There is nothing to be proved to who has seen nothing.")
	}
	if seen.N > 0 && tlog.CheckTree(proof, c.N, c.Hash, seen.N, seen.Hash) != nil {
		return refuse(http.StatusUnprocessableEntity, "This is not proved to contain what this witness has seen.")
	}
	if c.Tree != seen {
		if err := keep(w.file(origin), []byte(torchwood.Checkpoint{Origin: origin, Tree: c.Tree}.String())); err != nil {
			return refuse(http.StatusInternalServerError, "What this witness has seen cannot be kept.")
		}
	}
	cosigned, err := note.Sign(&note.Note{Text: n.Text}, w.signer)
	if err != nil {
		return refuse(http.StatusInternalServerError, "This witness cannot sign.")
	}
	return http.StatusOK, cosigned[len(n.Text)+1:]
}

// parseRequest takes a request to add a checkpoint apart.
func parseRequest(body []byte) (old int64, proof tlog.TreeProof, signed []byte, err error) {
	top, signed, ok := bytes.Cut(body, []byte("\n\n"))
	lines := strings.Split(string(top), "\n")
	size, is := strings.CutPrefix(lines[0], "old ")
	old, err = strconv.ParseInt(size, 10, 64)
	if !ok || !is || err != nil || old < 0 || strconv.FormatInt(old, 10) != size {
		return 0, nil, nil, errors.New("the request does not begin with the old size")
	}
	if len(lines)-1 > maxProof {
		return 0, nil, nil, errors.New("the proof is too long")
	}
	for _, line := range lines[1:] {
		h, err := tlog.ParseHash(line)
		if err != nil {
			return 0, nil, nil, errors.New("the proof is not made of hashes")
		}
		proof = append(proof, h)
	}
	return old, proof, signed, nil
}

// file is where it is kept what was seen of a log.
func (w *Witness) file(origin string) string {
	return filepath.Join(w.folder, fmt.Sprintf("%x", sha256.Sum256([]byte(origin))))
}

// seen is the last tree of a log that was signed.
func (w *Witness) seen(origin string) (tlog.Tree, error) {
	text, err := os.ReadFile(w.file(origin))
	if errors.Is(err, fs.ErrNotExist) {
		return tlog.Tree{}, nil
	}
	if err != nil {
		return tlog.Tree{}, err
	}
	c, err := torchwood.ParseCheckpoint(string(text))
	if err == nil && c.Origin != origin {
		err = errors.New("it is another log's")
	}
	return c.Tree, err
}

// keep puts text into a file: all of it, or what was there before stays. When it returns nil, it is on disk.
func keep(file string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(file), "new-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), file); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(file))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
