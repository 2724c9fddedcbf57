package store

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

	"github.com/factorydash/factorydash/internal/plant"
)

// maxDocument is how many bytes a stored probe document may have when it is
// unpacked; more would mean that it is damaged.
const maxDocument = 1 << 30

// PackDocument gives a probe document as it is stored.
func PackDocument(document []byte) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(document)
	if e := z.Close(); err == nil {
		err = e
	}
	if err != nil {
		return nil, fmt.Errorf("pack document: %w", err)
	}
	return b.Bytes(), nil
}

// UnpackDocument is the reverse of PackDocument. Damaged where it was cut off or
// changed: that it ends too soon must not pass for a connection that did.
func UnpackDocument(packed []byte) ([]byte, error) {
	var document []byte
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err == nil {
		document, err = io.ReadAll(io.LimitReader(z, maxDocument+1))
	}
	if err != nil {
		return nil, plant.Errorf(plant.Damaged, "unpack document: %v", err)
	}
	if len(document) > maxDocument {
		return nil, plant.Errorf(plant.Damaged, "unpack document: it has more than %d bytes", maxDocument)
	}
	return document, nil
}
