package recording

import (
	"archive/tar"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// Document is one recorded MTConnectStreams document, or one file with lines.
type Document struct {
	// Name says where it is from, for messages. File is what it is called itself,
	// without folders, archive and compression: the same wherever it lies.
	Name, File string
	// Body is valid until the next document is asked for.
	Body io.Reader
}

// maxDocuments is the most documents that one archive may hold.
const maxDocuments = 1_000_000

// Documents gives the documents in files: a document as it is or compressed
// (.gz), or an archive of documents (.tar, .tgz, .tar.gz), in which folders and
// hidden files are passed over. An error comes with a document that has a name
// only and ends its file; who goes on gets the next file.
func Documents(paths ...string) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		for _, path := range paths {
			more := true
			err := readFile(path, func(d Document) bool {
				more = yield(d, nil)
				return more
			})
			if err != nil && more {
				more = yield(Document{Name: path}, err)
			}
			if !more {
				return
			}
		}
	}
}

// readFile calls yield with each document of a file until it returns false.
func readFile(path string, yield func(Document) bool) error {
	file, err := Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if isArchive(path) {
		return readArchive(path, tar.NewReader(file), yield)
	}
	yield(Document{Name: path, File: Name(path), Body: file})
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
		if !yield(Document{Name: path + ":" + entry.Name, File: Name(entry.Name), Body: archive}) {
			return nil
		}
	}
	return fmt.Errorf("recording %s: more than %d documents", path, maxDocuments)
}

// unzipped is a file that is decompressed as it is read.
type unzipped struct {
	io.Reader
	io.Closer
}

// Open opens a file, which is decompressed where its name ends in gz.
func Open(path string) (io.ReadCloser, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	if !strings.HasSuffix(strings.ToLower(path), "gz") {
		return file, nil
	}
	body, err := gzip.NewReader(bufio.NewReaderSize(file, fileBuffer))
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("recording %s: %w", path, err)
	}
	return unzipped{body, file}, nil
}

// fileBuffer is how much of a compressed file is read at once, in bytes.
const fileBuffer = 64 << 10

// Name is what a file is called without its folder and without the endings that
// say how it is packed: day1.txt for /data/day1.txt.gz.
func Name(path string) string {
	name := filepath.Base(path)
	for _, ending := range []string{".tar.gz", ".tgz", ".tar", ".gz"} {
		if stem := len(name) - len(ending); stem > 0 && strings.EqualFold(name[stem:], ending) {
			return name[:stem]
		}
	}
	return name
}

func isArchive(path string) bool {
	name := strings.ToLower(path)
	return strings.HasSuffix(name, ".tar") || strings.HasSuffix(name, ".tar.gz") || strings.HasSuffix(name, ".tgz")
}

// IsLines reports whether a file holds lines of SHDR and not documents: whether
// it, or the first in an archive, begins like neither XML nor JSON.
func IsLines(path string) (bool, error) {
	for d, err := range Documents(path) {
		if err != nil {
			return false, err
		}
		start, err := io.ReadAll(io.LimitReader(d.Body, sniffBytes))
		if err != nil {
			return false, fmt.Errorf("recording %s: %w", path, err)
		}
		start = bytes.TrimSpace(bytes.TrimPrefix(start, []byte("\xef\xbb\xbf")))
		return len(start) > 0 && start[0] != '<' && start[0] != '{', nil
	}
	return false, nil
}

// sniffBytes is how much of a file is looked at to tell what it is.
const sniffBytes = 512
