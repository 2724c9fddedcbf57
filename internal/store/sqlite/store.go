// Package sqlite is the embedded store: one SQLite file in WAL mode, one
// writer and a pool of readers. Several processes may use the file at once;
// what they write is kept apart by SQLite's lock, and twice the same by the
// cursor that each commit checks.
//
// Observations of which a commit has many of one item become sealed blocks at once
// (package block). The others become rows of the open partition, a table of its
// own that is closed when it is full or old. Seal encodes the rows of a closed
// partition, stores the blocks and drops the table, which costs next to nothing
// where deleting the rows would take as long as inserting them did. Readers ask
// for both over a view, one read transaction; block merges what they find. Clocks,
// to which blocks of a run leave their times, are stored as blocks of no item. The
// data of blocks stands in pages of its own, the ends of neighbours in the same
// one, so that it fills the file.
//
// Whoever seals, merges or frees writes in short steps, each sound by itself, and
// checks within the step that nobody else was at the same thing. So commits never
// wait long, several processes may do it at once, and all of them may be killed.
// What is freed is used again; the file does not become smaller.
//
// A commit is not flushed to the disk at once (synchronous NORMAL). A power cut
// may therefore take the newest commits back, each as a whole and in order. The
// cursor goes back with its observations, being in the same transaction, so
// that they are read from the agent again: nothing is lost that the agent still
// has, and nothing is stored twice.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

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
	// BusyTimeout is how long an operation waits for another process that
	// writes, before it gives up with Unavailable; 0 stands for 5 seconds.
	BusyTimeout time.Duration
	// Readers is how many reads run at once, those of upkeep among them; 0 stands
	// for 8.
	Readers int
	// Now is the clock for what the store notes itself; nil stands for
	// time.Now.
	Now func() time.Time
}

const (
	defaultBusyTimeout = 5 * time.Second
	defaultReaders     = 8

	// walPages is how many pages of 4 KiB the write-ahead log takes before
	// SQLite moves them into the file; walLimit is how many bytes of it are
	// kept when that is done.
	walPages = 4000
	walLimit = 64 << 20
	// cacheKiB is the page cache of the writer: it holds the pages at which the
	// index grows, one or two for each busy item.
	cacheKiB = 32 << 10
)

// Store is a SQLite file. It implements store.Writer, store.Reader, store.Admin and
// store.Upkeep.
type Store struct {
	// path names the file, and file is the one that was opened by that name.
	path  string
	file  os.FileInfo
	write *sql.DB
	read  *sql.DB
	// These statements are prepared, since capture and sealing live on them.
	insert, insertOne, upsertLatest, insertBlock, insertPage, lengthenItem *sql.Stmt
	// reads are what views live on.
	reads reads
	// schema is the version of the schema that this program needs.
	schema int64
	items  itemAgents
	faults store.Faults
	away   store.Away
	cache  *block.DataCache
	// partitionRows is maxPartitionRows, but in tests.
	partitionRows int64
	// splitter belongs to who has the connection that writes.
	splitter *block.Splitter
	now      func() time.Time
	// patience is how long others may hold the file.
	patience time.Duration
}

// Open opens the store in a file, which it makes where there is none, and
// brings its schema up to date. The file's folder must exist. The error is
// Unavailable where the file cannot be opened now, and Invalid where a newer
// program has written it.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	s, err := connect(path, o)
	if err != nil {
		return nil, err
	}
	if err := s.prepare(ctx); err != nil {
		err = s.fail(ctx, s.write, "open store", err)
		if e := s.Close(); e != nil {
			err = errors.Join(err, e)
		}
		return nil, err
	}
	return s, nil
}

// connect opens a file, which it makes where there is none, whatever its schema.
func connect(path string, o Options) (*Store, error) {
	if o.BusyTimeout <= 0 {
		o.BusyTimeout = defaultBusyTimeout
	}
	if o.Readers <= 0 {
		o.Readers = defaultReaders
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	file, err := create(path)
	if err != nil {
		return nil, &plant.Error{Code: plant.Unavailable, Msg: "open store: cannot make or write " + path, Err: err}
	}
	s := &Store{path: path, file: file, faults: store.Faults{Now: o.Now}, cache: block.NewDataCache(), partitionRows: maxPartitionRows, splitter: block.NewSplitter(), now: o.Now, patience: o.BusyTimeout}
	if s.write, err = sql.Open("sqlite", dsn(path, o.BusyTimeout, "_txlock=immediate", fmt.Sprintf("_pragma=cache_size(-%d)", cacheKiB))); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if s.read, err = sql.Open("sqlite", dsn(path, o.BusyTimeout, "_query_only=1")); err != nil {
		return nil, errors.Join(fmt.Errorf("open store: %w", err), s.write.Close())
	}
	s.write.SetMaxOpenConns(1)
	s.read.SetMaxOpenConns(o.Readers)
	s.read.SetMaxIdleConns(o.Readers)
	return s, nil
}

// create makes the file where there is none, readable by its owner only: the
// agents' addresses in it may hold passwords. SQLite itself never makes it, or
// it would begin an empty one where the file is away for a while.
func create(path string) (os.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Stat()
}

// dsn names the file with the settings that all connections have.
func dsn(path string, busy time.Duration, more ...string) string {
	path = filepath.ToSlash(path)
	if path[0] != '/' { // a Windows drive
		path = "/" + path
	}
	u := url.URL{Scheme: "file", Path: path}
	u.RawQuery = fmt.Sprintf("mode=rw&_busy_timeout=%d&_journal_mode=WAL&_synchronous=NORMAL&_foreign_keys=1&_dqs=0"+
		"&_pragma=wal_autocheckpoint(%d)&_pragma=journal_size_limit(%d)", busy.Milliseconds(), walPages, walLimit)
	for _, m := range more {
		u.RawQuery += "&" + m
	}
	return u.String()
}

// prepare brings the schema up to date and prepares the statements.
func (s *Store) prepare(ctx context.Context) error {
	if err := s.migrate(ctx); err != nil {
		return err
	}
	var err error
	prepare := preparer(ctx, s.write, &err)
	s.insert, s.insertOne = prepare(insertObservations(insertRows)), prepare(insertObservations(1))
	s.upsertLatest = prepare(upsertLatest)
	s.insertBlock, s.insertPage, s.lengthenItem = prepare(insertBlock), prepare(insertPage), prepare(lengthenItem)
	if err == nil {
		s.reads, err = prepareReads(ctx, s.read)
	}
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	if err := s.items.load(ctx, s.read); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	return nil
}

// preparer gives a function that prepares statements until one fails, the error of
// which it leaves in err.
func preparer(ctx context.Context, db *sql.DB, err *error) func(query string) *sql.Stmt {
	return func(query string) (statement *sql.Stmt) {
		if *err == nil {
			statement, *err = db.PrepareContext(ctx, query)
		}
		return statement
	}
}

// Close ends the use of the file. Operations under way end with an error.
func (s *Store) Close() error {
	err := s.read.Close()
	if e := s.write.Close(); e != nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// update runs f in a transaction that writes. op is for the error.
func (s *Store) update(ctx context.Context, op string, f func(tx *sql.Tx) error) error {
	if err := s.checkFile(); err != nil {
		return &plant.Error{Code: plant.Unavailable, Msg: op + ": the store's file was moved, removed or replaced; put it back", Err: err}
	}
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return s.fail(ctx, s.write, op, err)
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return s.fail(ctx, s.write, op, err)
	}
	return s.fail(ctx, s.write, op, tx.Commit())
}

// checkFile reports whether the file that was opened still has its name. SQLite
// goes on writing to a file that was removed, and what it writes is lost when
// the store is closed.
func (s *Store) checkFile() error {
	now, err := os.Stat(s.path)
	if err != nil {
		return err
	}
	if !os.SameFile(now, s.file) {
		return errors.New("another file has its name")
	}
	return nil
}
