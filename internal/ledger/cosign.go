package ledger

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"wardroom/internal/config"
	"wardroom/internal/stream"
)

// Diverged says that a witness has seen another log under this name than the one in the database. Somebody has put an older copy of the database in
// place, or changed it, or two servers append to copies of it. Acts of power are halted; only a succession helps, which everybody sees.
type Diverged struct {
	Witness string
	Ours    int64 // entries here
	Theirs  int64 // entries that it has seen
}

func (d *Diverged) Error() string {
	if d.Theirs > d.Ours {
		return fmt.Sprintf("the ledger was rolled back or forked: the witness %s has seen %d entries, and there are %d here", d.Witness, d.Theirs, d.Ours)
	}
	return fmt.Sprintf("the ledger was rolled back or forked: the witness %s has seen other entries among the first %d", d.Witness, d.Theirs)
}

// maxAnswer bounds what is read of a witness' answer.
const maxAnswer = 16 << 10

// cosign asks a witness to sign a checkpoint, and gives the lines that it answers. Where it has seen less or more than was thought, it is asked once
// more. It notes *Diverged where the witness has seen another log.
//
// Spec: c2sp.org/tlog-witness, "add-checkpoint".
func (l *Ledger) cosign(ctx context.Context, w config.Witness, tree tlog.Tree, signed []byte) ([]byte, error) {
	l.mu.Lock()
	old := l.seen[w.Key.String()]
	l.mu.Unlock()
	if old > tree.N {
		old = 0 // it says itself what it has seen
	}
	for range 3 { // it may sign for another server between two of them
		status, answer, err := l.addCheckpoint(ctx, w, old, tree, signed)
		switch {
		case err != nil:
			return nil, err
		case status == http.StatusOK:
			if err := cosigned(w, signed, answer); err != nil {
				return nil, err
			}
			l.saw(w, tree.N)
			return answer, nil
		case status == http.StatusConflict:
			known, err := strconv.ParseInt(strings.TrimSpace(string(answer)), 10, 64)
			if err != nil || known < 0 {
				return nil, fmt.Errorf("it answered a conflict and no number")
			}
			if known > tree.N || known == old && known > 0 {
				return nil, l.diverged(w, tree.N, known)
			}
			old = known
		case status == http.StatusUnprocessableEntity && old > 0:
			return nil, l.diverged(w, tree.N, old)
		case status == http.StatusNotFound:
			return nil, fmt.Errorf("it does not know this log: give it the key %s", l.key)
		case status == http.StatusForbidden:
			return nil, fmt.Errorf("it knows another key for this log than %s", l.key)
		default:
			return nil, fmt.Errorf("it answered %d", status)
		}
	}
	return nil, fmt.Errorf("it has seen something else each time it was asked")
}

// addCheckpoint sends one request to a witness that has seen old entries.
func (l *Ledger) addCheckpoint(ctx context.Context, w config.Witness, old int64, tree tlog.Tree, signed []byte) (status int, answer []byte, err error) {
	var body bytes.Buffer
	fmt.Fprintf(&body, "old %d\n", old)
	if old > 0 {
		err := l.Disk.View(ctx, func(v stream.View) error {
			proof, err := tlog.ProveTree(tree.N, old, l.hashes(v))
			for _, h := range proof {
				fmt.Fprintln(&body, h)
			}
			return err
		})
		if err != nil {
			return 0, nil, fmt.Errorf("proving that the ledger grew: %w", err)
		}
	}
	body.WriteString("\n")
	body.Write(signed)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL+"/add-checkpoint", &body)
	if err != nil {
		return 0, nil, err
	}
	resp, err := l.Client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return resp.StatusCode, answer, err
}

// cosigned returns an error unless lines are w's signature under the text of signed.
func cosigned(w config.Witness, signed, lines []byte) error {
	text, _, _ := bytes.Cut(signed, []byte("\n\n"))
	_, err := note.Open(bytes.Join([][]byte{text, lines}, []byte("\n\n")), note.VerifierList(w.Key))
	if err != nil {
		return fmt.Errorf("what it answered is not its signature: %w", err)
	}
	return nil
}

// saw notes how many entries a witness has seen.
func (l *Ledger) saw(w config.Witness, n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen == nil {
		l.seen = map[string]int64{}
	}
	l.seen[w.Key.String()] = n
}

// diverged halts the ledger.
func (l *Ledger) diverged(w config.Witness, ours, theirs int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.halted == nil {
		l.halted = &Diverged{w.Name, ours, theirs}
	}
	return l.halted
}
