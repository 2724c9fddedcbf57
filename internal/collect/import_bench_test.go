package collect_test

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"testing"

	"github.com/factorydash/factorydash/internal/collect"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/recording"
)

// BenchmarkImport imports the recording of the NIST test bed into the embedded
// store: out of its archive, and out of documents that lie in memory unpacked. An
// op is the whole recording, which becomes one more agent.
func BenchmarkImport(b *testing.B) {
	archive := recording.Documents(filepath.Join(recorded(b), "mazak03.tgz"))
	b.Run("archive", func(b *testing.B) { benchmarkImport(b, archive) })
	b.Run("unpacked", func(b *testing.B) { benchmarkImport(b, unpacked(b, archive)) })
}

// unpacked gives the same documents out of memory.
func unpacked(b *testing.B, documents iter.Seq2[recording.Document, error]) iter.Seq2[recording.Document, error] {
	var names []string
	var bodies [][]byte
	for d, err := range documents {
		if err != nil {
			b.Fatal(err)
		}
		body, err := io.ReadAll(d.Body)
		if err != nil {
			b.Fatal(err)
		}
		names, bodies = append(names, d.Name), append(bodies, body)
	}
	return func(yield func(recording.Document, error) bool) {
		for i, body := range bodies {
			if !yield(recording.Document{Name: names[i], Body: bytes.NewReader(body)}, nil) {
				return
			}
		}
	}
}

func benchmarkImport(b *testing.B, documents iter.Seq2[recording.Document, error]) {
	s, _ := openStore(b, "http://recording.invalid/")
	b.ReportAllocs()
	var stored int64
	before := processorTime(b)
	for n := 0; b.Loop(); n++ {
		a, err := s.PutAgent(b.Context(), plant.Agent{Name: fmt.Sprint("agent", n), URL: "http://recording.invalid/"})
		if err != nil {
			b.Fatal(err)
		}
		done, err := collect.ImportDocuments(b.Context(), collect.Options{Store: s, Ledger: s}, collect.DocumentImport{Agent: a, Documents: documents})
		if err != nil {
			b.Fatal(err)
		}
		stored += done.Observations
	}
	used := processorTime(b) - before
	b.ReportMetric(float64(stored)/b.Elapsed().Seconds(), "observations/s")
	b.ReportMetric(float64(stored)/used.Seconds(), "observations/core-s")
}
