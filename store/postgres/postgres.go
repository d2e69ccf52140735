// Package postgres keeps a register in a PostgreSQL database, which several
// processes may serve at the same time.
//
// All rows are in one table (space, bucket, key, value) in bytewise order. An
// Update first takes its space's lock, a transaction-level advisory lock, and
// then reads at READ COMMITTED: each of its statements sees all that holders of
// the lock before it committed. (REPEATABLE READ would take its snapshot before
// waiting for the lock.) What it writes is kept in memory, where its own reads
// see it, and sent in one batch at the end.
//
// Each Update is a transaction of its own; updates of one space wait for one
// another's commit. Group commit would lift that and is not done here.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"aval/store/kv"
)

const (
	// lockClass is the first half of our advisory locks; the second is the
	// space. The value only has to differ from those of other programs that
	// share the database: a clash makes both wait more, and breaks nothing.
	lockClass = 0x4156414C // "AVAL"
	// lockSchema is the class of the lock under which the table is created.
	lockSchema = lockClass + 1

	// patience bounds what is awaited without regard to the caller's context:
	// a function's reads, its writes, the commit. Then the connection is given
	// up, and a commit is in doubt.
	patience = 30 * time.Second
	// idleLimit has the server end a transaction whose client went silent, so
	// that a lost machine does not hold a space's lock until TCP notices.
	idleLimit = "60s"
)

// DB is a pool of connections to one database. It implements kv.DB.
type DB struct {
	pool *pgxpool.Pool

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
}

var _ kv.DB = (*DB)(nil)

// Open connects to the database that dsn names (a URL or key=value words, as
// libpq takes) and creates the table if it is missing. Several hosts with
// target_session_attrs=read-write find the primary of a cluster.
func Open(ctx context.Context, dsn string) (*DB, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("postgres: the connection string cannot be read") // it may hold a password
	}
	config.ConnConfig.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		// A caller who gives up while waiting for the lock has the server stop
		// waiting too; merely closing the connection would leave it in the queue.
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: time.Second}
	}
	config.AfterConnect = prepare
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	if err := createTable(ctx, pool); err != nil {
		pool.Close()
		return nil, err
	}
	return &DB{pool: pool}, nil
}

// prepare sets up a new connection. A commit must be durable when it returns,
// whatever the database's default: weaker settings are raised, stronger ones
// (remote_apply) stay.
func prepare(ctx context.Context, c *pgx.Conn) error {
	_, err := c.Exec(ctx, `select
		set_config('idle_in_transaction_session_timeout', $1, false),
		case when current_setting('synchronous_commit') = 'off'
			then set_config('synchronous_commit', 'on', false) end`, idleLimit)
	return err
}

// createTable holds a lock, because "if not exists" alone fails when two
// replicas start at once.
func createTable(ctx context.Context, pool *pgxpool.Pool) error {
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1, 0)`, lockSchema); err != nil {
			return err
		}
		// Values are sealed or small: compressing them would be lost effort.
		_, err := tx.Exec(ctx, `
			create table if not exists aval_row (
				space  bigint not null,
				bucket text collate "C" not null,
				key    bytea not null,
				value  bytea not null,
				primary key (space, bucket, key)
			);
			alter table aval_row alter column value set storage external`)
		return err
	})
	if err != nil {
		return fmt.Errorf("postgres: creating the table: %w", err)
	}
	return nil
}

// begin lets a call in, unless the store is closed.
func (db *DB) begin() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return kv.ErrClosed
	}
	db.running.Add(1)
	return nil
}

// Close implements kv.DB.
func (db *DB) Close() error {
	db.mu.Lock()
	was := db.closed
	db.closed = true
	db.mu.Unlock()
	if was {
		return kv.ErrClosed
	}
	db.running.Wait()
	db.pool.Close()
	return nil
}

// View implements kv.DB.
func (db *DB) View(ctx context.Context, s kv.Space, fn func(kv.Tx) error) error {
	return db.inTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(ctx context.Context, tx pgx.Tx) error {
		v := &viewTx{reader{ctx: ctx, tx: tx, space: s}}
		defer v.end()
		return fn(v)
	})
}

// Update implements kv.DB.
func (db *DB) Update(ctx context.Context, s kv.Space, fn func(kv.Tx) error) error {
	return db.inTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(started context.Context, tx pgx.Tx) error {
		if err := lock(ctx, tx, s); err != nil {
			return err
		}
		u := &updateTx{reader: reader{ctx: started, tx: tx, space: s}}
		defer u.end()
		if err := fn(u); err != nil {
			return err
		}
		if err := u.failed; err != nil {
			return err
		}
		return u.send()
	})
}

// lock waits for the space; the end of ctx ends the wait. The lock is given up
// with the transaction.
func lock(ctx context.Context, tx pgx.Tx, s kv.Space) error {
	_, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1, $2)`, lockClass, int32(s)) // any 32 bits will do
	return ended(ctx, err)
}

// inTx runs fn in a transaction. ctx counts until that has begun; the context
// that fn is given does not end with it.
func (db *DB) inTx(ctx context.Context, o pgx.TxOptions, fn func(context.Context, pgx.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := db.begin(); err != nil {
		return err
	}
	defer db.running.Done()
	conn, err := db.pool.Acquire(ctx)
	if err != nil {
		return ended(ctx, err)
	}
	defer conn.Release()
	tx, err := conn.BeginTx(ctx, o)
	if err != nil {
		return ended(ctx, err)
	}
	lasting, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	defer tx.Rollback(lasting) //nolint:errcheck // nothing after a commit; else the server drops the transaction anyway
	if err := fn(lasting, tx); err != nil {
		return err
	}
	return commitError(tx.Commit(lasting))
}

// ended answers with the end of ctx when that is why err came.
func ended(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	default:
		return statementError(err)
	}
}

// statementError wraps an error from before the commit: nothing has landed.
func statementError(err error) error {
	if full(err) {
		return fmt.Errorf("%w: %w", kv.ErrFull, err)
	}
	return fmt.Errorf("postgres: %w", err)
}

// commitError tells a commit that the server refused from one that nobody knows
// about. Only an error of severity ERROR is an answer to the commit: a FATAL one
// may be the server going down after it had committed.
func commitError(err error) error {
	var answer *pgconn.PgError
	const unknown = "40003" // statement_completion_unknown
	switch {
	case err == nil:
		return nil
	case pgconn.SafeToRetry(err), errors.Is(err, pgx.ErrTxCommitRollback):
		return statementError(err)
	case errors.As(err, &answer) && answer.SeverityUnlocalized == "ERROR" && answer.Code != unknown:
		return statementError(err)
	default:
		return fmt.Errorf("%w: %w", kv.ErrInDoubt, err)
	}
}

// full recognises a server without room: disk_full.
func full(err error) bool {
	var answer *pgconn.PgError
	return errors.As(err, &answer) && answer.Code == "53100"
}
