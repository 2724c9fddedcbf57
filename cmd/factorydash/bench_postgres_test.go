//go:build unix

package main

import (
	"path/filepath"
	"testing"

	"github.com/factorydash/factorydash/internal/store/postgres/pgtest"
)

// durable starts a PostgreSQL with the settings of a new installation, whose
// commits are flushed to the disk.
func durable(b *testing.B) *pgtest.Server {
	b.Helper()
	return pgtest.New(b, "fsync=on")
}

// BenchmarkCapturePostgreSQL is BenchmarkCapture into PostgreSQL: catching up with
// an agent. An op is a whole capture.
func BenchmarkCapturePostgreSQL(b *testing.B) {
	server, url := durable(b), benchAgent(b)
	var peak, stored int64
	for b.Loop() {
		b.Setenv("DATABASE_URL", server.Database(b))
		peak = max(peak, capture(b, "", url))
		stored = ledger(b, "")[0].Stored
	}
	b.ReportMetric(float64(stored)*float64(b.N)/b.Elapsed().Seconds(), "observations/s")
	b.ReportMetric(float64(peak)/1024, "peak-MiB")
}

// BenchmarkImport imports the recording of the NIST test bed, unpacking and
// parsing included, into both stores. An op is the whole recording, the start of
// the program included.
func BenchmarkImport(b *testing.B) {
	dir := nist(b)
	run := func(b *testing.B, data func() string) {
		b.Helper()
		var stored int64
		for b.Loop() {
			folder := data()
			out, code := output(b, "import", "--data", folder, "--agent", "a",
				"--devices", filepath.Join(dir, "documents", "Devices.xml"), filepath.Join(dir, "recorded", "mazak03.tgz"))
			if code != 0 {
				b.Fatalf("import: exit code %d: %s", code, out)
			}
			stored = ledger(b, folder)[0].Stored
		}
		b.ReportMetric(float64(stored)*float64(b.N)/b.Elapsed().Seconds(), "observations/s")
	}
	b.Run("SQLite", func(b *testing.B) { run(b, b.TempDir) })
	b.Run("PostgreSQL", func(b *testing.B) {
		server := durable(b)
		run(b, func() string {
			b.Setenv("DATABASE_URL", server.Database(b))
			return ""
		})
	})
}
