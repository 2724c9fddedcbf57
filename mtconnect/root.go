package mtconnect

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// The root elements of the four documents.
const (
	rootDevices = "MTConnectDevices"
	rootStreams = "MTConnectStreams"
	rootAssets  = "MTConnectAssets"
	rootError   = "MTConnectError"
	// rootDeclared stands for the root of a document with a document type
	// declaration, which readers refuse with its position. No element is called
	// so.
	rootDeclared = "!DOCTYPE"
)

// maxRootSearch is how many bytes into a document the name of its root element
// must end.
const maxRootSearch = 4 << 10

// byteOrderMark may stand before a document in UTF-8.
const byteOrderMark = "\xef\xbb\xbf"

// peekRoot gives the local name of the root element of the document that r is
// at, XML or JSON, and takes nothing from r. It waits for no more bytes than it
// needs. The name is empty where the input is neither.
func peekRoot(r *bufio.Reader) (string, error) {
	for need := 1; ; need = r.Buffered() + 1 {
		_, err := r.Peek(need)
		data, _ := r.Peek(min(r.Buffered(), maxRootSearch))
		if root, ok := rootOf(data); ok || len(data) == maxRootSearch {
			return root, nil
		}
		if errors.Is(err, io.EOF) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
	}
}

// rootOf gives the local name of the root element of a document that begins
// with data, and false where more of it is needed to tell: "html" for a web
// page, rootDeclared for another document with a document type declaration.
func rootOf(data []byte) (string, bool) {
	data = bytes.TrimPrefix(data, []byte(byteOrderMark))
	for {
		data = bytes.TrimLeft(data, " \t\r\n")
		end := ""
		switch {
		case len(data) == 0:
			return "", false
		case data[0] == '{':
			return firstKey(data[1:])
		case data[0] != '<':
			return "", true
		case bytes.HasPrefix(data, []byte("<?")):
			end = "?>"
		case bytes.HasPrefix(data, []byte("<!--")):
			end = "-->"
		case bytes.HasPrefix(data, []byte("<!DOCTYPE")):
			name, ok := elementName(bytes.TrimLeft(data[len("<!DOCTYPE"):], " \t\r\n"))
			if ok && !strings.EqualFold(name, "html") {
				name = rootDeclared
			}
			return name, ok
		case len(data) < len("<!DOCTYPE") && (len(data) == 1 || data[1] == '!'):
			return "", false
		default:
			return elementName(data[1:])
		}
		_, rest, found := bytes.Cut(data, []byte(end))
		if !found {
			return "", false
		}
		data = rest
	}
}

// elementName gives the local name at the start of data, and false where it
// does not end there.
func elementName(data []byte) (string, bool) {
	n := bytes.IndexAny(data, " \t\r\n/>[")
	if n < 0 {
		return "", false
	}
	name := data[:n]
	return string(name[bytes.IndexByte(name, ':')+1:]), true
}

// firstKey gives the first key of the JSON object whose brace is before data.
func firstKey(data []byte) (string, bool) {
	data = bytes.TrimLeft(data, " \t\r\n")
	if len(data) == 0 {
		return "", false
	}
	if data[0] != '"' {
		return "", true
	}
	key, _, found := bytes.Cut(data[1:], []byte{'"'})
	return string(key), found
}
