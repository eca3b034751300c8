package store

import (
	"fmt"
	"testing"
)

// What is counted from version 2 on is counted from what is there.
func TestQuotasBeginWithWhatIsThere(t *testing.T) {
	c := empty(t)
	mustMigrate(t, c, upTo(t, migrations, 1))
	_, err := c.ExecContext(t.Context(), `
		INSERT INTO to_device (pos, device, sender, type, content) VALUES
			(1, 1, '@lin:x', 't', x'616263'), (2, 1, '@aiko:x', 't', x'61'), (3, 2, '@aiko:x', 't', x'30313233343536373839');
		INSERT INTO backup_version (account, version, algorithm, auth_data, etag, keys, deleted) VALUES
			(1, 1, 'a', x'7b7d', 2, 2, FALSE), (1, 2, 'a', x'7b7d', 0, 0, FALSE);
		INSERT INTO backup_key (account, version, room, session, first_index, forwarded, verified, data) VALUES
			(1, 1, '!a', 's', 0, 0, TRUE, x'61626364'), (1, 1, '!a', 't', 0, 0, TRUE, x'6162636465');`)
	if err != nil {
		t.Fatal(err)
	}
	mustMigrate(t, c, migrations)
	for q, want := range map[string]string{
		`SELECT sender || ' ' || messages || ' ' || bytes AS one FROM to_device_waiting ORDER BY sender`: "[@aiko:x 2 11 @lin:x 1 3]",
		`SELECT version || ' ' || keys || ' ' || bytes AS one FROM backup_version ORDER BY version`:      "[1 2 9 2 0 0]",
	} {
		var got []string
		for _, row := range ask(t, c, q) {
			got = append(got, word(row["one"]))
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%v, want %s", got, want)
		}
	}
}
