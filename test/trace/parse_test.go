package trace_test

import (
	"strings"
	"testing"

	"wardroom/test/trace"
)

// lines writes calls as strace does. The words in capitals stand for what calls work on and what they write.
func lines(text string) string {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\t", ""))
	text = strings.NewReplacer(
		"WAL", `8</d/w.db-wal>`, "DB", `7</d/w.db>`, "SOCKET", `9<TCP:[127.0.0.1:1->127.0.0.1:2]>`,
		"HEADER", escape(strings.Repeat("\x00", 8)+"\x00\x00\x02\x00"+strings.Repeat("\x00", 20)),
		"MIDDLE", escape(strings.Repeat("\x00", 24)), "COMMIT", escape("\x00\x00\x00\x01\x00\x00\x00\x09"+strings.Repeat("\x00", 16)),
		"PAGE", escape(strings.Repeat("p", 512)), "MARKED", escape("marker"+strings.Repeat("p", 506)),
		"ANSWER", escape("HTTP/1.1 200 OK\r\n\r\n{\"event_id\":\"$e\"}"), "SHOWN", escape("…marker…"),
	).Replace(text)
	var b strings.Builder
	for l := range strings.Lines(text) {
		b.WriteString("12 1700000000.5 " + l)
	}
	return b.String()
}

func escape(s string) string {
	const hex = "0123456789abcdef"
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		b.WriteString(`\x` + string(hex[s[i]>>4]) + string(hex[s[i]&15]))
	}
	return b.String() + `"`
}

const written = `pwrite64(WAL, HEADER, 32, 0) = 32
	pwrite64(WAL, MIDDLE, 24, 32) = 24
	pwrite64(WAL, MARKED, 512, 56) = 512
	pwrite64(WAL, COMMIT, 24, 568) = 24
	pwrite64(WAL, PAGE, 512, 592) = 512
`

func TestTheRules(t *testing.T) {
	const answer = "write(SOCKET, ANSWER, 40) = 40\n"
	const sync = "fdatasync(WAL) = 0\n"
	for name, c := range map[string]struct {
		calls string
		wrong int
		err   string
	}{
		"in order":                      {written + sync + answer, 0, ""},
		"without a sync":                {written + answer, 1, ""},
		"answered before the sync":      {written + answer + sync, 1, ""},
		"told of before the sync":       {written + "write(SOCKET, SHOWN, 9) = 9\n" + sync + answer, 1, ""},
		"the sync failed":               {written + "fsync(WAL) = -1 EIO (Input/output error)\n" + answer, 1, ""},
		"another file was synced":       {written + "fsync(DB) = 0\n" + answer, 1, ""},
		"synced before the commit":      {strings.Replace(written, "pwrite64(WAL, COMMIT", sync+"pwrite64(WAL, COMMIT", 1) + answer, 1, ""},
		"synced before the last page":   {strings.Replace(written, "pwrite64(WAL, PAGE", sync+"pwrite64(WAL, PAGE", 1) + answer, 1, ""},
		"never committed":               {strings.Replace(written, "COMMIT", "MIDDLE", 1) + sync + answer, 1, ""},
		"answered while it syncs":       {written + "fsync(WAL <unfinished ...>\n" + answer + "<... fsync resumed>) = 0\n", 1, ""},
		"the sync began too early":      {"fsync(WAL <unfinished ...>\n" + written + "<... fsync resumed>) = 0\n" + answer, 1, ""},
		"the answer is not there":       {written + sync, 0, "does not show the answer"},
		"the bytes are not there":       {sync + answer, 0, "does not show that its bytes"},
		"data cut short":                {strings.Replace(written, "MARKED", "MARKED...", 1) + sync + answer, 0, "has cut data short"},
		"the log is removed too early":  {written + sync + answer + "pwrite64(DB, PAGE, 512, 0) = 512\nunlink(" + escape("/d/w.db-wal") + ") = 0\n", 1, ""},
		"the log is removed in order":   {written + sync + answer + "pwrite64(DB, PAGE, 512, 0) = 512\nfsync(DB) = 0\nunlink(" + escape("/d/w.db-wal") + ") = 0\n", 0, ""},
		"the log begins anew too early": {written + sync + answer + "pwrite64(DB, PAGE, 512, 0) = 512\npwrite64(WAL, HEADER, 32, 0) = 32\n", 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			calls, err := trace.Parse(strings.NewReader(lines(c.calls)))
			var v trace.Verdict
			if err == nil {
				v, err = trace.Judge(calls, "/d/w.db", []trace.Sent{{Event: "$e", Marker: "marker"}})
			}
			if err != nil || c.err != "" {
				if err == nil || c.err == "" || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("got the error %v, expected %q", err, c.err)
				}
				return
			}
			if len(v.Wrong) != c.wrong {
				t.Errorf("found wrong: %q, expected %d", v.Wrong, c.wrong)
			}
		})
	}
}

func TestParseSaysWhatItDoesNotUnderstand(t *testing.T) {
	for _, text := range []string{
		"nonsense",
		"12 1700000000.5 nonsense",
		`12 1700000000.5 fsync(8</x>) is not a result`,
		`12 1700000000.5 <... fsync resumed>) = 0`,
	} {
		if calls, err := trace.Parse(strings.NewReader(text)); err == nil {
			t.Errorf("%q was read as %v", text, calls)
		}
	}
}
