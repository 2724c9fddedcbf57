// Package backup is the file that holds a backup: a tar archive compressed with
// zstd, with a manifest (manifest.json) and, behind it, the store as an embedded one
// (factorydash.db), whatever kind of store it was taken of. So ordinary tools can
// look into it, and it can be restored into either kind.
//
// A file that was cut off or damaged is refused: the manifest has the length and the
// checksum of the store, and zstd has checksums of its own.
package backup

import (
	"archive/tar"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/factorydash/factorydash/internal/plant"
)

// Format is the version of the file's format that this program writes, and the
// newest that it reads.
const Format = 1

const (
	manifestName = "manifest.json"
	databaseName = "factorydash.db"
	// manifestBytes is the most that a manifest may have: it has a line for each
	// run.
	manifestBytes = 64 << 20
	// windowBytes is the most memory that a file may ask for to be unpacked; what
	// this program writes asks for 8 MiB.
	windowBytes = 64 << 20
)

// Manifest says what a backup holds.
type Manifest struct {
	Format int `json:"format"`
	// Version is the program that wrote it, Store the kind of store it was taken of.
	Version string    `json:"version"`
	Store   string    `json:"store"`
	Created time.Time `json:"created"`
	// Schema is the schema's version of the embedded store within.
	Schema int64 `json:"schema"`
	// Bytes and SHA256 are of the embedded store within; Write sets them.
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	// Runs is the ledger: what a store that is restored has to have.
	Runs []Run `json:"runs"`
}

// Run is a run of an agent within a backup.
type Run struct {
	Agent    string `json:"agent"`
	Instance uint64 `json:"instance,string"`
	Epoch    int32  `json:"epoch"`
	First    int64  `json:"first"`
	Next     int64  `json:"next"`
	// Stored are the observations, those counted that retention has deleted.
	Stored int64 `json:"stored"`
}

// Write writes a backup, unless ctx ends before. database is the embedded store, which
// nobody has open.
func Write(ctx context.Context, w io.Writer, m Manifest, database string) error {
	f, err := os.Open(database)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	if m.Bytes, err = io.Copy(sum, until{ctx, f}); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	m.Format, m.SHA256 = Format, hex.EncodeToString(sum.Sum(nil))
	if err := write(w, m, until{ctx, f}); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	return nil
}

func write(w io.Writer, m Manifest, database io.Reader) error {
	manifest, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	packed, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderCRC(true))
	if err != nil {
		return err
	}
	archive := tar.NewWriter(packed)
	header := func(name string, size int64) error {
		return archive.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, ModTime: m.Created, Format: tar.FormatPAX})
	}
	if err := header(manifestName, int64(len(manifest))); err != nil {
		return err
	}
	if _, err := archive.Write(manifest); err != nil {
		return err
	}
	if err := header(databaseName, m.Bytes); err != nil {
		return err
	}
	if _, err := io.Copy(archive, database); err != nil {
		return err
	}
	return errors.Join(archive.Close(), packed.Close())
}

// Reader reads a backup, once, from its beginning to its end.
type Reader struct {
	// Manifest says what there is.
	Manifest Manifest
	packed   *zstd.Decoder
	archive  *tar.Reader
}

// Read begins to read a backup. Damaged where it is none that can be read, and
// Invalid where a newer program has written it.
func Read(r io.Reader) (*Reader, error) {
	packed, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(windowBytes), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("read the backup: %w", err)
	}
	b := &Reader{packed: packed, archive: tar.NewReader(packed)}
	if err := b.manifest(); err != nil {
		packed.Close()
		return nil, err
	}
	return b, nil
}

func (b *Reader) manifest() error {
	header, err := b.archive.Next()
	if err != nil || header.Name != manifestName || header.Size > manifestBytes {
		return &plant.Error{Code: plant.Damaged, Msg: "this is no backup that `factorydash backup` made", Err: err}
	}
	data, err := io.ReadAll(b.archive)
	if err == nil {
		err = json.Unmarshal(data, &b.Manifest)
	}
	if err != nil {
		return damaged("its manifest cannot be read", err)
	}
	if b.Manifest.Format > Format {
		return plant.Errorf(plant.Invalid, "the backup has format %d, and this program reads up to %d: use the program that wrote it (%s) or a newer one", b.Manifest.Format, Format, b.Manifest.Version)
	}
	return nil
}

// Database writes the embedded store of the backup to w, unless ctx ends before. What
// it has written is good only where it gives no error: Damaged where the store is not
// the one that was backed up.
func (b *Reader) Database(ctx context.Context, w io.Writer) error {
	header, err := b.archive.Next()
	if err != nil || header.Name != databaseName || header.Size != b.Manifest.Bytes {
		return damaged("its store is not where it belongs", err)
	}
	sum := sha256.New()
	out := &failing{Writer: w}
	if _, err = io.Copy(io.MultiWriter(out, sum), until{ctx, b.archive}); out.err != nil || ctx.Err() != nil {
		return fmt.Errorf("unpack the backup: %w", cmp.Or(out.err, ctx.Err()))
	}
	if err == nil {
		if _, err = b.archive.Next(); errors.Is(err, io.EOF) {
			_, err = io.Copy(io.Discard, b.packed) // The last checksum is behind the archive.
		} else if err == nil {
			err = errors.New("there is more in it than belongs there")
		}
	}
	if err != nil {
		return damaged("it is cut off or changed", err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != b.Manifest.SHA256 {
		return damaged("the checksum of its store is wrong", nil)
	}
	return nil
}

// Close ends the reading.
func (b *Reader) Close() { b.packed.Close() }

func damaged(how string, err error) error {
	return &plant.Error{Code: plant.Damaged, Msg: "the backup is damaged: " + how, Err: err}
}

// until reads until a context ends: a big store is not read on for somebody who has
// given up.
type until struct {
	ctx context.Context
	io.Reader
}

func (u until) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.Reader.Read(p)
}

// failing remembers the error of a writer, to tell it from those of what is read.
type failing struct {
	io.Writer
	err error
}

func (f *failing) Write(p []byte) (int, error) {
	n, err := f.Writer.Write(p)
	f.err = err
	return n, err
}
