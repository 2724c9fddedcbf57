package simulate

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
)

// Document is one recorded MTConnectStreams document.
type Document struct {
	// Name says where it is from, for messages.
	Name string
	// Body is valid until the next document is asked for.
	Body io.Reader
}

// maxDocuments is the most documents that one archive may hold.
const maxDocuments = 1_000_000

// ReadDocuments gives the documents in files: a document as it is or compressed
// (.gz), or an archive of documents (.tar, .tgz, .tar.gz), in which folders and
// hidden files are passed over. An error comes with an empty document and ends
// the run.
func ReadDocuments(paths ...string) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		for _, path := range paths {
			more := true
			err := readFile(path, func(d Document) bool {
				more = yield(d, nil)
				return more
			})
			if err != nil {
				yield(Document{}, err)
				return
			}
			if !more {
				return
			}
		}
	}
}

// readFile calls yield with each document of a file until it returns false.
func readFile(path string, yield func(Document) bool) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	defer file.Close()
	var body io.Reader = bufio.NewReaderSize(file, 1<<16)
	name := strings.ToLower(filepath.Base(path))
	if strings.HasSuffix(name, "gz") {
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			return fmt.Errorf("recording %s: %w", path, err)
		}
		body = unzipped
		name = strings.TrimSuffix(strings.TrimSuffix(name, "gz"), ".")
	}
	if strings.HasSuffix(name, ".tar") || strings.HasSuffix(name, ".t") { // .tgz without its gz
		return readArchive(path, tar.NewReader(body), yield)
	}
	yield(Document{Name: path, Body: body})
	return nil
}

func readArchive(path string, archive *tar.Reader, yield func(Document) bool) error {
	for range maxDocuments {
		entry, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("recording %s: %w", path, err)
		}
		if entry.Typeflag != tar.TypeReg || strings.HasPrefix(filepath.Base(entry.Name), ".") {
			continue
		}
		if !yield(Document{Name: path + ":" + entry.Name, Body: archive}) {
			return nil
		}
	}
	return fmt.Errorf("recording %s: more than %d documents", path, maxDocuments)
}
