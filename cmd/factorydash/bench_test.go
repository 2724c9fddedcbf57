//go:build unix

package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// BenchmarkCapture captures the recording of the NIST test bed (677,878
// observations; a simulated hall where it is not there) from an agent that
// serves it as fast as it can from another process on the same machine: HTTP,
// parsing, checks, the store with its index, the cursor, what is known of each
// item, and the start of the program. An op is a whole capture.
func BenchmarkCapture(b *testing.B) {
	url := benchAgent(b)
	var peak, stored int64
	for b.Loop() {
		data := b.TempDir()
		peak = max(peak, capture(b, data, url))
		stored = ledger(b, data)[0].Stored
	}
	b.ReportMetric(float64(stored)*float64(b.N)/b.Elapsed().Seconds(), "observations/s")
	b.ReportMetric(float64(peak)/1024, "peak-MiB")
}

// BenchmarkBareDriver inserts the rows of such a capture, which lie in memory,
// into a table with the same index through the bare driver, in transactions of
// 10,000 rows: what BenchmarkCapture is measured against. An op is all rows.
func BenchmarkBareDriver(b *testing.B) {
	data := b.TempDir()
	capture(b, data, benchAgent(b))
	rows, schema := readRows(b, filepath.Join(data, storeFile))
	for _, perStatement := range []int{1, 100} {
		b.Run(fmt.Sprintf("rows=%d", perStatement), func(b *testing.B) {
			for b.Loop() {
				insertRows(b, filepath.Join(b.TempDir(), "bare.db"), schema, rows, perStatement)
			}
			b.ReportMetric(float64(len(rows))*float64(b.N)/b.Elapsed().Seconds(), "observations/s")
		})
	}
}

// benchAgent starts the agent that is captured and gives its URL.
func benchAgent(b *testing.B) string {
	b.Helper()
	if dir, err := nistFolder(); err == nil {
		return startReplay(b, dir, filepath.Join(dir, "recorded", "mazak03.tgz"))
	}
	p := start(b, "simulate", "--listen", "127.0.0.1:0")
	return fmt.Sprint(p.waitLog("agent is up")["url"])
}

// capture runs loaddata and gives the most memory that it had, in KiB.
func capture(b *testing.B, data, url string) (peak int64) {
	b.Helper()
	cmd := command(b.Context(), "loaddata", "--data", data, "--agent", "a="+url)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		b.Fatalf("loaddata: %v: %s", err, out.String())
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		b.Fatal("the system does not say how much memory was used")
	}
	return usage.Maxrss
}

// benchRow is a row of the table of observations.
type benchRow [6]any

const benchColumns = "instance, item, time, sequence, value, detail"

// readRows gives the rows of a store and the statements that make the table and
// its index.
func readRows(b *testing.B, path string) (rows []benchRow, schema []string) {
	b.Helper()
	db := openBare(b, path)
	defer db.Close()
	ctx := b.Context()
	made, err := db.QueryContext(ctx, "SELECT sql FROM sqlite_schema WHERE tbl_name = 'observations' AND sql IS NOT NULL ORDER BY type DESC")
	if err != nil {
		b.Fatal(err)
	}
	defer made.Close()
	for made.Next() {
		var statement string
		if err := made.Scan(&statement); err != nil {
			b.Fatal(err)
		}
		schema = append(schema, statement)
	}
	if err := made.Err(); err != nil {
		b.Fatal(err)
	}
	all, err := db.QueryContext(ctx, "SELECT "+benchColumns+" FROM observations ORDER BY id")
	if err != nil {
		b.Fatal(err)
	}
	defer all.Close()
	for all.Next() {
		var r benchRow
		if err := all.Scan(&r[0], &r[1], &r[2], &r[3], &r[4], &r[5]); err != nil {
			b.Fatal(err)
		}
		rows = append(rows, r)
	}
	if err := all.Err(); err != nil {
		b.Fatal(err)
	}
	return rows, schema
}

// insertRows inserts rows in transactions of 10,000, so many a statement.
func insertRows(b *testing.B, path string, schema []string, rows []benchRow, perStatement int) {
	b.Helper()
	db := openBare(b, path)
	defer db.Close()
	ctx := b.Context()
	for _, statement := range schema {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			b.Fatal(err)
		}
	}
	for len(rows) > 0 {
		batch := rows[:min(10_000, len(rows))]
		rows = rows[len(batch):]
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			b.Fatal(err)
		}
		whole := len(batch) / perStatement * perStatement
		insertBatch(b, tx, batch[:whole], perStatement)
		insertBatch(b, tx, batch[whole:], 1)
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
}

// insertBatch inserts rows, whose number is a multiple of perStatement, by a
// prepared statement.
func insertBatch(b *testing.B, tx *sql.Tx, rows []benchRow, perStatement int) {
	b.Helper()
	stmt, err := tx.PrepareContext(b.Context(), "INSERT INTO observations ("+benchColumns+") VALUES "+
		strings.TrimSuffix(strings.Repeat("(?, ?, ?, ?, ?, ?), ", perStatement), ", "))
	if err != nil {
		b.Fatal(err)
	}
	defer stmt.Close()
	args := make([]any, 0, perStatement*len(benchRow{}))
	for ; len(rows) > 0; rows = rows[perStatement:] {
		args = args[:0]
		for i := range rows[:perStatement] {
			args = append(args, rows[i][:]...)
		}
		if _, err := stmt.ExecContext(b.Context(), args...); err != nil {
			b.Fatal(err)
		}
	}
}

// openBare opens a SQLite file with the durability that the store has.
func openBare(b *testing.B, path string) *sql.DB {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_journal_mode=WAL&_synchronous=NORMAL&_txlock=immediate")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(2)
	return db
}
