// Package postgres is the store on a PostgreSQL server, version 13 or later,
// without any extension. Several processes may use it at once; what they write is
// kept apart by row locks, and twice the same by the cursor that each commit
// checks.
//
// Observations go into rows first: into one table for each period of our clock
// (a partition), by binary COPY. When a period is over and has settled, its rows
// are sealed into blocks (package block) and its table is dropped, which costs
// nothing; so no row is ever deleted. Rows and blocks are read together, in one
// unchanging state of the database: see view.
//
// How durable a commit is, is the server's setting (synchronous_commit). Where a
// crash takes the newest commits back, their cursor goes back with them, being in
// the same transaction, and they are read from the agent again.
//
// The server is reached directly, or through a proxy that keeps a session for each
// connection: prepared statements and advisory locks are the session's.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/block"
)

var (
	_ store.Writer = (*Store)(nil)
	_ store.Reader = (*Store)(nil)
	_ store.Admin  = (*Store)(nil)
)

// Options are the settings of a store. The zero value is good for most uses.
type Options struct {
	// Readers is how many connections reads have; 0 stands for 8. Writes have 6 of
	// their own, so that readers never keep a commit waiting.
	Readers int
	// Period is how long observations are committed into one partition, in whole
	// seconds; 0 stands for an hour. A partition is sealed as a whole, so rows wait
	// for that up to a period longer than asked. It should be about as long as rows
	// stay: each read looks into every partition that is not sealed.
	Period time.Duration
	// WriteTimeout is how long a commit or another short write may take before it
	// is given up with Unavailable; 0 stands for 30 seconds.
	WriteTimeout time.Duration
	// NoMigrate leaves the schema as it is. Open then succeeds with one that is not
	// as this program needs it, which Ping reports.
	NoMigrate bool
	// Now is the clock for what the store notes itself, and for the partitions;
	// nil stands for time.Now.
	Now func() time.Time
}

const (
	defaultReaders      = 8
	writers             = 6
	leasers             = 1
	defaultPeriod       = time.Hour
	defaultWriteTimeout = 30 * time.Second

	// connectTimeout is how long making a connection may take, where the URL does
	// not say.
	connectTimeout = 5 * time.Second
	// idleTimeout is how long the server waits for us within a transaction before
	// it takes it back with its locks: when we are cut off in the middle of one. It
	// is longer than any pause that we make.
	idleTimeout = time.Minute
)

// Store is a PostgreSQL database. It implements store.Writer, store.Reader and
// store.Admin.
type Store struct {
	// lease has a connection for leases alone: what waits for the others, which may
	// be the writes of a thousand agents, must not let leases run out.
	write, read, lease *pgxpool.Pool
	// schema is the version of the schema that this program needs.
	schema       int64
	period       time.Duration
	writeTimeout time.Duration
	now          func() time.Time
	itemAgents   owners
	deviceAgents owners
	runAgents    owners
	faults       store.Faults
	away         store.Away
	pace         pace
	cache        *block.DataCache
	splitters    sync.Pool // of *block.Splitter
	// current is the partition that the last commit went to: one of no period where that
	// is not known. See forget.
	current atomic.Pointer[openPartition]
}

// Open opens the store in a database, and brings its schema up to date. The error
// is Unavailable where the database cannot be used now, and Invalid where the URL
// or the database can never be: it has another encoding than UTF-8, or a newer
// program has written it.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	const op = "open store"
	if o.Readers <= 0 {
		o.Readers = defaultReaders
	}
	if o.Period = o.Period.Truncate(time.Second); o.Period <= 0 {
		o.Period = defaultPeriod
	}
	if o.WriteTimeout <= 0 {
		o.WriteTimeout = defaultWriteTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Store{period: o.Period, writeTimeout: o.WriteTimeout, cache: block.NewDataCache(), now: o.Now}
	s.faults.Now = o.Now
	s.itemAgents.query, s.deviceAgents.query, s.runAgents.query = itemOwners, deviceOwners, runOwners
	s.forget()
	s.splitters.New = func() any { return block.NewSplitter() }
	var err error
	if s.write, err = connect(ctx, url, writers); err != nil {
		return nil, fail(ctx, op, err)
	}
	if s.read, err = connect(ctx, url, o.Readers); err == nil {
		s.lease, err = connect(ctx, url, leasers)
	}
	if err == nil {
		err = s.prepare(ctx, o)
	}
	if err != nil {
		return nil, errors.Join(fail(ctx, op, err), s.Close())
	}
	return s, nil
}

// connect makes a pool of up to n connections to a database, which are made when
// they are needed.
func connect(ctx context.Context, url string, n int) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		// Its text may hold the password.
		return nil, plant.Errorf(plant.Invalid, "the address of the database is not understood: use postgres://user:password@host:port/database")
	}
	if config.ConnConfig.DefaultQueryExecMode != pgx.QueryExecModeCacheStatement {
		return nil, plant.Errorf(plant.Invalid, "the address of the database has a default_query_exec_mode: leave it out; a pooler in front of the database must keep prepared statements")
	}
	config.MaxConns = int32(n)
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	parameters := config.ConnConfig.RuntimeParams
	if parameters["application_name"] == "" {
		parameters["application_name"] = "factorydash"
	}
	parameters["idle_in_transaction_session_timeout"] = fmt.Sprint(idleTimeout.Milliseconds())
	// Our notices are of tables that inherit: nobody is to read them.
	parameters["client_min_messages"] = "warning"
	// Each statement is made for one plan, by the indexes it needs: to look for
	// another one each time would take longer than most of them do.
	parameters["plan_cache_mode"] = "force_generic_plan"
	return pgxpool.NewWithConfig(ctx, config)
}

// prepare checks the database and brings its schema up to date.
func (s *Store) prepare(ctx context.Context, o Options) error {
	var err error
	if s.schema, err = newestMigration(); err != nil {
		return err
	}
	var encoding string
	if err := s.write.QueryRow(ctx, `SELECT current_setting('server_encoding')`).Scan(&encoding); err != nil {
		return err
	}
	if encoding != "UTF8" {
		return plant.Errorf(plant.Invalid, "the database has the encoding %s: make one with ENCODING 'UTF8'", encoding)
	}
	if o.NoMigrate {
		return nil
	}
	if _, err := migrateUp(ctx, s.write); err != nil {
		return err
	}
	return s.checkSchema(ctx)
}

// Close ends the use of the database. Operations under way are waited for.
func (s *Store) Close() error {
	for _, pool := range []*pgxpool.Pool{s.write, s.read, s.lease} {
		if pool != nil {
			pool.Close()
		}
	}
	return nil
}

// update runs f in a transaction that writes. op is for the error.
func (s *Store) update(ctx context.Context, op string, f func(ctx context.Context, tx pgx.Tx) error) error {
	timed, cancel := context.WithTimeout(ctx, s.writeTimeout)
	defer cancel()
	return s.fail(ctx, op, pgx.BeginFunc(timed, s.write, func(tx pgx.Tx) error { return f(timed, tx) }))
}
