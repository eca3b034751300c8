package store

import (
	"context"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// oldestPostgres is the first version that works, as PostgreSQL writes it in numbers.
const oldestPostgres = 150000

// ErrMoved says that what SQLite has in a folder is no server's any more, or may not be.
var ErrMoved = errors.New("what is here was moved to PostgreSQL, or was about to be when the server was cut off. Start the server with the " +
	"configuration that names the PostgreSQL database: it looks at both and says where it stands. To go back to what was here before: " +
	"wardroom backup --data this folder, and wardroom restore into a new one")

// errBusy says that another server has the database.
var errBusy = errors.New("another server has it open, or a move or a restore into it is going on. One database is for one server: stop the other one. " +
	"Where that one's machine is gone, PostgreSQL notices within two minutes")

// errStandby says that no server that takes changes was found.
var errStandby = errors.New(`the server is a standby that only reads: correct "database" in the configuration so that it names the primary`)

// ours reports whether the database has Wardroom's tables.
func ours(ctx context.Context, c *sql.Conn) (there bool, err error) {
	return there, c.QueryRowContext(ctx, `
		SELECT COUNT(*) = 2 FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
		WHERE nspname = current_schema() AND relname IN ('meta', 'stream_shard') AND relkind = 'r'`).Scan(&there)
}

// fit returns an error that says what to do where a PostgreSQL database is not one for Wardroom: an old server, another encoding, tables
// of somebody else's, no right to make tables.
func fit(ctx context.Context, c *sql.Conn) error {
	var number int
	var version, encoding, user, database string
	var schema sql.NullString
	var mayMake, readOnly bool
	err := c.QueryRowContext(ctx, `
		SELECT current_setting('server_version_num')::int, current_setting('server_version'), current_setting('server_encoding'), current_user, current_database(),
			current_schema(), COALESCE(has_schema_privilege(current_schema(), 'CREATE'), FALSE), pg_is_in_recovery()`).
		Scan(&number, &version, &encoding, &user, &database, &schema, &mayMake, &readOnly)
	if err != nil {
		return err
	}
	switch {
	case number < oldestPostgres:
		return fmt.Errorf("the server is PostgreSQL %s, and Wardroom needs version 15 or later: use another server, or upgrade this one", version)
	case encoding != "UTF8":
		return fmt.Errorf("the database's encoding is %s, and Wardroom needs UTF8. Make another database: CREATE DATABASE name OWNER %q ENCODING 'UTF8' TEMPLATE template0", encoding, user)
	case readOnly:
		return errStandby
	}
	if there, err := ours(ctx, c); err != nil || there {
		return err
	}
	var foreign sql.NullString
	var others int
	err = c.QueryRowContext(ctx, `
		SELECT COUNT(*), MIN(relname) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
		WHERE nspname = current_schema() AND relkind IN ('r', 'p', 'f', 'm')
			AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE pg_depend.classid = 'pg_class'::regclass AND pg_depend.objid = pg_class.oid AND deptype = 'e')`).Scan(&others, &foreign)
	switch {
	case err != nil:
		return err
	case others > 0:
		return fmt.Errorf("%d tables are in it that are not Wardroom's, such as %q. Make a database for Wardroom alone: CREATE DATABASE name OWNER %q", others, foreign.String, user)
	case !schema.Valid || !mayMake:
		return fmt.Errorf("the user %q may not make tables in it. Make that user its owner: ALTER DATABASE %q OWNER TO %q", user, database, user)
	}
	return nil
}

// aloneOnServer waits a little for the lock that a server holds for as long as its writing connection lasts.
func aloneOnServer(ctx context.Context, c *sql.Conn) error {
	return serverLock(ctx, c, "SELECT pg_advisory_lock(hashtext('wardroom server'))")
}

// amongServers is aloneOnServer for one of several servers: it keeps out those that are to be alone.
//
// A server that stands still in the middle of a transaction, or whose machine is gone, keeps the others from writing no longer than ten seconds.
func amongServers(ctx context.Context, c *sql.Conn) error {
	for _, q := range []string{"SET idle_in_transaction_session_timeout = '10s'", "SET tcp_user_timeout = '10s'"} {
		if _, err := c.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	return serverLock(ctx, c, "SELECT pg_advisory_lock_shared(hashtext('wardroom server'))")
}

// insteadOfAlone lets servers that are to be among several in again, behind aloneOnServer.
func insteadOfAlone(ctx context.Context, c *sql.Conn) error {
	if err := amongServers(ctx, c); err != nil {
		return err
	}
	_, err := c.ExecContext(ctx, "SELECT pg_advisory_unlock(hashtext('wardroom server'))")
	return err
}

func serverLock(ctx context.Context, c *sql.Conn, take string) error {
	if _, err := c.ExecContext(ctx, "SET lock_timeout = '5s'"); err != nil {
		return err
	}
	_, err := c.ExecContext(ctx, take)
	var failed *pgconn.PgError
	if errors.As(err, &failed) && failed.Code == lockNotAvailable {
		return errBusy
	}
	if err == nil {
		_, err = c.ExecContext(ctx, "SET lock_timeout = 0")
	}
	return err
}

// explainPostgres says in words what to do about an error of opening the database at where. What it says has no password in it.
func explainPostgres(where string, err error) error {
	var parsing *pgconn.ParseConfigError
	if errors.As(err, &parsing) { // its own text has the address in it
		return fmt.Errorf(`"database" in the configuration is no address that can be used: %w`, errors.Unwrap(err))
	}
	var connecting *pgconn.ConnectError
	if !errors.As(err, &connecting) {
		return err
	}
	if errors.Is(err, pgconn.ErrStandbyConnection) {
		return errStandby
	}
	conf := connecting.Config
	at := net.JoinHostPort(conf.Host, fmt.Sprint(conf.Port))
	if strings.HasPrefix(conf.Host, "/") {
		at = fmt.Sprintf("%s/.s.PGSQL.%d", conf.Host, conf.Port)
	}
	var failed *pgconn.PgError
	if errors.As(err, &failed) {
		switch failed.Code {
		case wrongPassword:
			if conf.Password == "" {
				return fmt.Errorf(`%s asks the user %q for a password, and none was given: write it into "database" after the user and a colon, or into a file that passfile= or PGPASSFILE names`, at, conf.User)
			}
			return fmt.Errorf(`%s does not take the password of the user %q: correct it in "database" or in the password file, or set it: ALTER ROLE %q PASSWORD '…'`, at, conf.User, conf.User)
		case notAllowed:
			return fmt.Errorf("%s does not let the user %q in: %s. Look at the server's pg_hba.conf, and whether there is such a user (CREATE ROLE %q LOGIN)", at, conf.User, failed.Message, conf.User)
		case noSuchDatabase:
			return fmt.Errorf("%s has no database %q. Make it: CREATE DATABASE %q OWNER %q ENCODING 'UTF8' TEMPLATE template0", at, conf.Database, conf.Database, conf.User)
		case noPrivilege:
			return fmt.Errorf("%s does not let the user %q into the database %q: GRANT CONNECT ON DATABASE %q TO %q, or better make that user its owner", at, conf.User, conf.Database, conf.Database, conf.User)
		case startingUp:
			return fmt.Errorf("%s does not take connections yet, or not any more (%s): try again in a moment", at, failed.Message)
		case tooMany:
			return fmt.Errorf("%s has too many connections (%s). Wardroom needs %d: raise max_connections, or what the user or the database may have", at, failed.Message, readers+1)
		}
		return fmt.Errorf("%s refuses: %s (%s)", at, failed.Message, failed.Code)
	}
	var unknownName *net.DNSError
	var noTrust x509.UnknownAuthorityError
	var otherName x509.HostnameError
	var network *net.OpError
	switch {
	case errors.As(err, &unknownName):
		return fmt.Errorf(`the host %s is not known: correct "database" in the configuration, or the DNS`, conf.Host)
	case errors.As(err, &noTrust):
		return fmt.Errorf("the certificate of %s was not made by an authority that this machine trusts: name that authority's root with sslrootcert=FILE at the end of \"database\"", at)
	case errors.As(err, &otherName):
		return fmt.Errorf(`the certificate of %s is for another name: use the name that it is for in "database"`, at)
	case strings.Contains(err.Error(), "server refused TLS connection"):
		return fmt.Errorf("%s does not encrypt connections: switch ssl on in postgresql.conf. Only where nobody else can listen on the network between: sslmode=disable at the end of \"database\"", at)
	case errors.As(err, &network), errors.Is(err, fs.ErrNotExist), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf(`nobody answers at %s (%w): start PostgreSQL, let connections in through firewalls and by listen_addresses, or correct "database" in the configuration`, at, innermost(err))
	}
	return fmt.Errorf("connecting to %s: %w", at, innermost(err))
}

// innermost is what went wrong in the end, without the addresses that are told on the way.
func innermost(err error) error {
	for {
		switch e := err.(type) {
		case interface{ Unwrap() []error }:
			all := e.Unwrap()
			if len(all) == 0 {
				return err
			}
			err = all[len(all)-1]
		case interface{ Unwrap() error }:
			if e.Unwrap() == nil {
				return err
			}
			err = e.Unwrap()
		default:
			return err
		}
	}
}

// native gives fn the connection behind c in the driver's own words.
func native(c *sql.Conn, fn func(*pgx.Conn) error) error {
	return c.Raw(func(driver any) error { return fn(driver.(*stdlib.Conn).Conn()) })
}
