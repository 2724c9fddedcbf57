package backup_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/backup"
	"github.com/factorydash/factorydash/internal/plant"
)

// packed gives a backup of a store of so many bytes, and the store.
func packed(t interface{ Fatal(args ...any) }, dir string, size int) (file, database []byte) {
	random := rand.NewChaCha8([32]byte{byte(size)})
	database = make([]byte, size)
	if _, err := random.Read(database); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "db")
	if err := os.WriteFile(path, database, 0o600); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := backup.Write(context.Background(), &b, manifest(), path); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), database
}

func manifest() backup.Manifest {
	return backup.Manifest{
		Version: "v1", Store: "embedded", Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Schema: 3,
		Runs: []backup.Run{{Agent: "hall-a", Instance: 1<<64 - 1, Epoch: 1, First: 1, Next: 100, Stored: 90}},
	}
}

// unpack gives what a file holds.
func unpack(file []byte) (backup.Manifest, []byte, error) {
	r, err := backup.Read(bytes.NewReader(file))
	if err != nil {
		return backup.Manifest{}, nil, err
	}
	defer r.Close()
	var out bytes.Buffer
	err = r.Database(context.Background(), &out)
	return r.Manifest, out.Bytes(), err
}

func TestBackupAndBack(t *testing.T) {
	for _, size := range []int{0, 1, 4096, 1 << 20} {
		file, database := packed(t, t.TempDir(), size)
		m, got, err := unpack(file)
		if err != nil || !bytes.Equal(got, database) {
			t.Fatalf("%d bytes: %v, %d bytes back", size, err, len(got))
		}
		want := manifest()
		want.Format, want.Bytes, want.SHA256 = backup.Format, int64(size), m.SHA256
		if diff := cmp.Diff(want, m); diff != "" {
			t.Error(diff)
		}
	}
}

// Whatever is changed in a backup or cut from it, it is refused as damaged, or it
// gives the store that was backed up.
func TestDamageIsNoticed(t *testing.T) {
	file, database := packed(t, t.TempDir(), 20_000)
	rapid.Check(t, func(t *rapid.T) {
		damaged := bytes.Clone(file)
		at := rapid.IntRange(0, len(file)-1).Draw(t, "at")
		if rapid.Bool().Draw(t, "cut") {
			damaged = damaged[:at]
		} else {
			damaged[at] ^= rapid.Byte().Filter(func(b byte) bool { return b != 0 }).Draw(t, "bits")
		}
		_, got, err := unpack(damaged)
		if err == nil && !bytes.Equal(got, database) {
			t.Fatal("damage was not noticed")
		}
		if err != nil && plant.ErrorCode(err) != plant.Damaged && plant.ErrorCode(err) != plant.Invalid {
			t.Fatalf("%v is of code %v", err, plant.ErrorCode(err))
		}
	})
	if _, _, err := unpack([]byte("SQLite format 3\x00")); plant.ErrorCode(err) != plant.Damaged {
		t.Errorf("another file: %v", err)
	}
}

// What cannot be written is no damage of the backup.
func TestFullDisk(t *testing.T) {
	file, _ := packed(t, t.TempDir(), 20_000)
	r, err := backup.Read(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Database(t.Context(), full{}); err == nil || plant.ErrorCode(err) == plant.Damaged {
		t.Errorf("a full disk gives %v", err)
	}
}

// Who has given up waits for no big store, and it is not called damaged.
func TestEndWithTheContext(t *testing.T) {
	file, database := packed(t, t.TempDir(), 20_000)
	r, err := backup.Read(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Database(ctx, io.Discard); !errors.Is(err, context.Canceled) || plant.ErrorCode(err) == plant.Damaged {
		t.Errorf("unpacking gives %v", err)
	}
	path := filepath.Join(t.TempDir(), "db")
	if err := os.WriteFile(path, database, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := backup.Write(ctx, io.Discard, manifest(), path); !errors.Is(err, context.Canceled) {
		t.Errorf("writing gives %v", err)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
