// Package parse measures how fast Streams documents are read, beside other ways
// to do it over the same documents on one core:
//
//	go test -bench . -benchmem -cpu 1
//
// The documents are the recorded ones of the NIST set (FACTORYDASH_NIST names
// its folder), or generated ones like them where the set is missing.
package parse

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orisano/gosax"

	"github.com/factorydash/factorydash/mtconnect"
)

// documents are what all benchmarks read.
var documents = sync.OnceValues(func() ([][]byte, error) {
	dir := os.Getenv("FACTORYDASH_NIST")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "nist")
	}
	f, err := os.Open(filepath.Join(dir, "recorded", "mazak03.tgz"))
	if errors.Is(err, os.ErrNotExist) {
		return generated(), nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	var all [][]byte
	for files := tar.NewReader(unzipped); ; {
		h, err := files.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if !strings.HasSuffix(h.Name, ".xml") {
			continue
		}
		content, err := io.ReadAll(files)
		if err != nil {
			return nil, err
		}
		all = append(all, content)
	}
})

// generated makes documents with the statistics of the recorded ones: long runs
// of one data item, few data items, values of one to ten bytes.
func generated() [][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	start := time.Date(2016, 5, 5, 18, 7, 54, 0, time.UTC)
	sequence := 1
	var all [][]byte
	for range 20 {
		var b bytes.Buffer
		b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<MTConnectStreams xmlns="urn:mtconnect.org:MTConnectStreams:1.3">
  <Header creationTime="2016-09-28T17:47:30Z" sender="vm" instanceId="1" version="1.3.0.17" bufferSize="131072" nextSequence="1" firstSequence="1" lastSequence="1"/>
  <Streams>
    <DeviceStream name="Mill" uuid="mill-1">
`)
		for component := range 12 {
			fmt.Fprintf(&b, "      <ComponentStream component=\"Linear\" name=\"X%d\" componentId=\"Mill-X%d\">\n        <Samples>\n", component, component)
			for item := range 3 {
				for range 200 + random.IntN(100) {
					sequence++
					start = start.Add(time.Duration(random.IntN(2_000_000)) * time.Microsecond)
					fmt.Fprintf(&b, "          <Position dataItemId=\"Mill-X%d_%d\" timestamp=\"%s\" name=\"X%dabs\" sequence=\"%d\" subType=\"ACTUAL\">%.4f</Position>\n",
						component, item, start.Format("2006-01-02T15:04:05.000000Z"), component, sequence, random.Float64()*100)
				}
			}
			b.WriteString("        </Samples>\n      </ComponentStream>\n")
		}
		b.WriteString("    </DeviceStream>\n  </Streams>\n</MTConnectStreams>\n")
		all = append(all, b.Bytes())
	}
	return all
}

// shuffled gives the documents with the lines of each list of observations in
// random order, so that hardly an observation is of the same data item as the
// one before: the runs that agents send are not needed for speed.
func shuffled(documents [][]byte) [][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	var all [][]byte
	for _, d := range documents {
		lines := bytes.SplitAfter(d, []byte("\n"))
		begin := 0
		for i, line := range lines {
			if bytes.Contains(line, []byte(` sequence="`)) {
				continue
			}
			list := lines[begin:i]
			random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			begin = i + 1
		}
		all = append(all, bytes.Join(lines, nil))
	}
	return all
}

// measure runs one way to read all documents.
func measure(b *testing.B, read func(document []byte) (int, error)) {
	all, err := documents()
	if err != nil {
		b.Fatal(err)
	}
	measureOver(b, all, read)
}

// measureOver runs one way to read the documents, which returns how many
// observations one document has, notCounted where it does not know, and reports
// both rates.
func measureOver(b *testing.B, all [][]byte, read func(document []byte) (int, error)) {
	var size int64
	want := 0
	for _, d := range all {
		size += int64(len(d))
		want += bytes.Count(d, []byte(` sequence="`))
	}
	b.SetBytes(size)
	b.ReportAllocs()
	observations := 0
	for b.Loop() {
		observations = 0
		for _, d := range all {
			n, err := read(d)
			if err != nil {
				b.Fatal(err)
			}
			observations += n
		}
	}
	if observations >= 0 && observations != want {
		b.Fatalf("%d observations were read, not %d", observations, want)
	}
	b.ReportMetric(float64(want)*float64(b.N)/b.Elapsed().Seconds(), "obs/s")
}

// notCounted is the number of observations that a way gives which knows none.
const notCounted = -1

// fields are what each way finds of an observation. Adding them up keeps the
// compiler from leaving work out.
type fields struct {
	micros   int64
	sequence uint64
	bytes    int
}

// BenchmarkStreamsReader gives every field of every observation, all checked.
func BenchmarkStreamsReader(b *testing.B) { measure(b, streamsReader()) }

// BenchmarkStreamsReaderShuffled is the same where no observation helps to read
// the next one.
func BenchmarkStreamsReaderShuffled(b *testing.B) {
	all, err := documents()
	if err != nil {
		b.Fatal(err)
	}
	measureOver(b, shuffled(all), streamsReader())
}

// streamsReader returns a way to read documents with one StreamsReader.
func streamsReader() func(document []byte) (int, error) {
	r := mtconnect.NewStreamsReader(mtconnect.Limits{})
	var sum fields
	return func(document []byte) (int, error) {
		r.Reset(bytes.NewReader(document))
		for n := 0; ; n++ {
			o, err := r.Next()
			if err == io.EOF {
				return n, nil
			}
			if err != nil {
				return 0, err
			}
			sum.micros += o.Time
			sum.sequence += o.Sequence
			sum.bytes += len(o.Value) + len(o.DataItemID) + len(o.Name) + len(o.SubType) + len(o.Element)
		}
	}
}

// BenchmarkEncodingXML gives the same fields with the standard library's
// decoder.
func BenchmarkEncodingXML(b *testing.B) {
	var sum fields
	measure(b, func(document []byte) (int, error) {
		d := xml.NewDecoder(bytes.NewReader(document))
		n, depth := 0, 0
		for {
			token, err := d.Token()
			if err == io.EOF {
				return n, nil
			}
			if err != nil {
				return 0, err
			}
			switch t := token.(type) {
			case xml.StartElement:
				if depth++; depth != 6 {
					continue
				}
				n++
				sum.bytes += len(t.Name.Local)
				for _, a := range t.Attr {
					switch a.Name.Local {
					case "timestamp":
						at, err := time.Parse(time.RFC3339Nano, a.Value)
						if err != nil {
							return 0, err
						}
						sum.micros += at.UnixMicro()
					case "sequence":
						v, err := strconv.ParseUint(a.Value, 10, 64)
						if err != nil {
							return 0, err
						}
						sum.sequence += v
					default:
						sum.bytes += len(a.Value)
					}
				}
			case xml.CharData:
				if depth == 6 {
					sum.bytes += len(bytes.TrimSpace(t))
				}
			case xml.EndElement:
				depth--
			}
		}
	})
}

// BenchmarkGosax reads tags, attributes and text and parses no value. It checks
// neither well-formedness nor characters.
func BenchmarkGosax(b *testing.B) {
	r := gosax.NewReaderSize(nil, 64<<10)
	var sum fields
	measure(b, func(document []byte) (int, error) {
		r.Reset(bytes.NewReader(document))
		r.EmitSelfClosingTag = true
		n, depth := 0, 0
		for {
			e, err := r.Event()
			if err != nil {
				return 0, err
			}
			switch e.Type() {
			case gosax.EventEOF:
				return n, nil
			case gosax.EventStart:
				if depth++; depth != 6 {
					continue
				}
				n++
				_, rest := gosax.Name(e.Bytes)
				for {
					a, after, err := gosax.NextAttribute(rest)
					if err != nil {
						return 0, err
					}
					if len(a.Key) == 0 {
						break
					}
					sum.bytes += len(a.Value)
					rest = after
				}
			case gosax.EventText:
				if depth == 6 {
					sum.bytes += len(e.Bytes)
				}
			case gosax.EventEnd:
				depth--
			}
		}
	})
}

// BenchmarkScan looks for every '<' and does nothing else.
func BenchmarkScan(b *testing.B) {
	var sum fields
	measure(b, func(document []byte) (int, error) {
		for {
			i := bytes.IndexByte(document, '<')
			if i < 0 {
				return notCounted, nil
			}
			sum.bytes++
			document = document[i+1:]
		}
	})
}
