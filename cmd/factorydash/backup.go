package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/factorydash/factorydash/internal/backup"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/sqlite"
)

// standardStream stands for standard output or input where a file is named.
const standardStream = "-"

type backupCommand struct {
	File  string `arg:"" help:"File that is made, such as plant.backup; - writes to standard output."`
	Force bool   `help:"Replace the file where it exists, once the new one is whole."`
}

// Run writes a backup of the store while whatever captures goes on. A file with the
// name given is there when it is whole, and not before.
func (c *backupCommand) Run(ctx context.Context, env *environment) error {
	if _, err := os.Lstat(c.File); err == nil && !c.Force && c.File != standardStream {
		return plant.Errorf(plant.Invalid, "%s exists: use another name, or --force to replace it", c.File)
	}
	st, err := env.openExistingStore(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	scratch, err := makeScratch(c.File)
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch) //nolint:errcheck // What it held is in the backup, or the backup has failed.
	database := filepath.Join(scratch, storeFile)
	kind, err := env.snapshot(ctx, st, database)
	if err != nil {
		return err
	}
	manifest, err := manifestOf(ctx, database)
	if err != nil {
		return err
	}
	manifest.Version, manifest.Store, manifest.Created = env.build.Version, kind, time.Now().UTC().Truncate(time.Second)
	if err := c.write(ctx, env, scratch, manifest, database); err != nil {
		return err
	}
	fmt.Fprintln(env.stderr, describe(manifest))
	return nil
}

// write writes the backup to where it belongs.
func (c *backupCommand) write(ctx context.Context, env *environment, scratch string, manifest backup.Manifest, database string) error {
	if c.File == standardStream {
		out := bufio.NewWriterSize(env.stdout, 1<<20)
		return errors.Join(backup.Write(ctx, out, manifest, database), out.Flush())
	}
	part := filepath.Join(scratch, "backup")
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // An agent's URL may hold a password.
	if err != nil {
		return err
	}
	if err := errors.Join(backup.Write(ctx, f, manifest, database), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(part, c.File); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(c.File))
}

// makeScratch makes a folder for what comes before a file is whole: beside it, where
// a rename puts it in its place, and where there is to be room for it.
func makeScratch(file string) (string, error) {
	dir := os.TempDir()
	if file != standardStream {
		dir = filepath.Dir(file)
	}
	scratch, err := os.MkdirTemp(dir, ".factorydash-*")
	if err != nil {
		return "", fmt.Errorf("make a temporary folder: %w", err)
	}
	return scratch, nil
}

// snapshot writes the store, as it is now, as an embedded one to a new file, and
// gives what kind it is.
func (env *environment) snapshot(ctx context.Context, st dataStore, path string) (kind string, err error) {
	if embedded, ok := st.(*sqlite.Store); ok {
		return "embedded", embedded.Snapshot(ctx, path)
	}
	to, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return "", err
	}
	_, err = env.copyStore(ctx, st, to, "backed up")
	return "PostgreSQL", errors.Join(err, to.Close())
}

// manifestOf says what an embedded store holds.
func manifestOf(ctx context.Context, path string) (backup.Manifest, error) {
	st, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return backup.Manifest{}, err
	}
	m := backup.Manifest{Schema: st.Schema()}
	m.Runs, err = runsOf(ctx, st)
	return m, errors.Join(err, st.Close())
}

// runsOf gives the ledger of a store as a manifest has it.
func runsOf(ctx context.Context, st dataStore) ([]backup.Run, error) {
	agents, err := st.Agents(ctx)
	if err != nil {
		return nil, err
	}
	names := make(map[plant.AgentID]string, len(agents))
	for _, a := range agents {
		names[a.ID] = a.Name
	}
	all, err := st.Runs(ctx)
	if err != nil {
		return nil, err
	}
	runs := make([]backup.Run, len(all))
	for i, r := range all {
		runs[i] = backup.Run{Agent: names[r.Agent], Instance: r.InstanceID, Epoch: r.Epoch, First: r.First, Next: r.Next, Stored: r.Stored}
	}
	return runs, nil
}

// describe says for people what a backup holds.
func describe(m backup.Manifest) string {
	stored := int64(0)
	for _, r := range m.Runs {
		stored += r.Stored
	}
	return fmt.Sprintf("backup of %s by factorydash %s (%s store, schema %d): %d runs, %d observations",
		m.Created.Format(time.RFC3339), m.Version, m.Store, m.Schema, len(m.Runs), stored)
}

type restoreCommand struct {
	File  string `arg:"" help:"Backup to restore; - reads standard input."`
	Check bool   `help:"Only read the backup to its end and say what it holds; nothing is restored."`
}

// Run restores a backup into the store of --data or DATABASE_URL, which must be
// empty. What fails leaves an embedded store as empty as it was.
func (c *restoreCommand) Run(ctx context.Context, env *environment) error {
	in, err := openBackup(c.File)
	if err != nil {
		return err
	}
	defer in.Close()
	b, err := backup.Read(bufio.NewReaderSize(in, 1<<20))
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	defer b.Close()
	if c.Check {
		if err := b.Database(ctx, io.Discard); err != nil {
			return fmt.Errorf("%s: %w", c.File, err)
		}
		fmt.Fprintf(env.stdout, "sound: %s\n", describe(b.Manifest))
		return nil
	}
	url, err := env.cli.database()
	if err != nil {
		return err
	}
	if url != "" {
		err = env.restoreDatabase(ctx, b)
	} else {
		err = env.restoreFile(ctx, b)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	fmt.Fprintf(env.stdout, "restored: %s; factorydash goes on from there\n", describe(b.Manifest))
	return nil
}

func openBackup(file string) (io.ReadCloser, error) {
	if file == standardStream {
		return io.NopCloser(os.Stdin), nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("open the backup: %w", err)
	}
	return f, nil
}

// restoreFile restores into the data folder, where the store appears when it is
// whole.
func (env *environment) restoreFile(ctx context.Context, b *backup.Reader) error {
	data := env.cli.Data
	target := filepath.Join(data, storeFile)
	for _, name := range []string{target, target + "-wal"} {
		if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(err, plant.Errorf(plant.Invalid, "--data %s: there is a store in this folder; a backup is restored into an empty one", data))
		}
	}
	if err := os.MkdirAll(data, 0o750); err != nil {
		return fmt.Errorf("--data: %w", err)
	}
	scratch, err := makeScratch(target)
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch) //nolint:errcheck // It is empty, or the restore has failed.
	unpacked := filepath.Join(scratch, storeFile)
	if err := unpackStore(ctx, b, unpacked); err != nil {
		return err
	}
	// A link, unlike a rename, does not replace what somebody else has made meanwhile.
	err = os.Link(unpacked, target)
	if err != nil && !errors.Is(err, fs.ErrExist) { // A file system without links.
		err = os.Rename(unpacked, target)
	}
	if err != nil {
		return err
	}
	return syncFolder(data)
}

// restoreDatabase restores into a PostgreSQL database.
func (env *environment) restoreDatabase(ctx context.Context, b *backup.Reader) (err error) {
	to, err := env.openStore(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	agents, err := to.Agents(ctx)
	if err != nil {
		return err
	}
	if len(agents) > 0 {
		return plant.Errorf(plant.Invalid, "the database holds data of %d agents; a backup is restored into an empty one", len(agents))
	}
	scratch, err := makeScratch(standardStream)
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch) //nolint:errcheck // It was only on the way.
	unpacked := filepath.Join(scratch, storeFile)
	if err := unpackStore(ctx, b, unpacked); err != nil {
		return err
	}
	var from dataStore
	if from, err = sqlite.Open(ctx, unpacked, sqlite.Options{}); err != nil {
		return err
	}
	defer from.Close()
	if _, err := env.copyStore(ctx, from, to, "restored"); err != nil {
		return fmt.Errorf("%w (what was restored so far is in the database: empty it before the next attempt)", err)
	}
	return nil
}

// unpackStore writes the store of a backup to a file, brings its schema up to date, and
// holds its ledger against what was backed up.
func unpackStore(ctx context.Context, b *backup.Reader, path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(b.Database(ctx, f), f.Sync(), f.Close()); err != nil {
		return err
	}
	unpacked, err := manifestOf(ctx, path)
	if err != nil {
		return err
	}
	if len(unpacked.Runs) != len(b.Manifest.Runs) {
		return plant.Errorf(plant.Damaged, "the backup is damaged: its store has %d runs, and %d were backed up", len(unpacked.Runs), len(b.Manifest.Runs))
	}
	for i, run := range b.Manifest.Runs {
		if unpacked.Runs[i] != run {
			return plant.Errorf(plant.Damaged, "the backup is damaged: its store has %+v where %+v was backed up", unpacked.Runs[i], run)
		}
	}
	return nil
}

// syncFolder makes the names in a folder last.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, os.ErrPermission) && !errors.Is(err, os.ErrInvalid) {
		return err
	}
	return nil
}
