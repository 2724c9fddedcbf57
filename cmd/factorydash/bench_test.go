//go:build unix

package main

import (
	"bytes"
	"fmt"
	"path/filepath"
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
