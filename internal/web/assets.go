package web

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

// assets serves the built assets. A file's name carries a hash of its content,
// so browsers keep it for good.
type assets struct {
	// names leads from an asset's name, such as floor.js, to its file.
	names map[string]string
	files map[string]assetFile
}

// assetFile is one file, ready to be sent.
type assetFile struct {
	mediaType   string
	plain, gzip []byte
}

// mediaTypes are those of the assets; the machine's own tables are not asked,
// since they differ.
var mediaTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// loadAssets reads and compresses what is in assets/dist.
func loadAssets(files fs.FS) (*assets, error) {
	dist, err := fs.Sub(files, "assets/dist")
	if err != nil {
		return nil, err
	}
	a := &assets{files: make(map[string]assetFile)}
	list, err := fs.ReadFile(dist, "manifest.json")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(list, &a.names); err != nil {
		return nil, fmt.Errorf("manifest.json: %w", err)
	}
	entries, err := fs.ReadDir(dist, ".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		mediaType, ok := mediaTypes[path.Ext(e.Name())]
		if !ok {
			continue
		}
		plain, err := fs.ReadFile(dist, e.Name())
		if err != nil {
			return nil, err
		}
		compressed, err := compress(plain)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name(), err)
		}
		a.files[e.Name()] = assetFile{mediaType, plain, compressed}
	}
	for name, file := range a.names {
		if _, ok := a.files[file]; !ok {
			return nil, fmt.Errorf("manifest.json: %s: there is no file %s", name, file)
		}
	}
	return a, nil
}

func compress(b []byte) ([]byte, error) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(b); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// url is the address of an asset. A template that asks for one that does not
// exist does not draw.
func (a *assets) url(name string) (string, error) {
	file, ok := a.names[name]
	if !ok {
		return "", fmt.Errorf("no asset %q", name)
	}
	return "/assets/" + file, nil
}

// ServeHTTP sends one asset, compressed where the browser takes it.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := a.files[r.PathValue("file")]
	if !ok {
		// Another process may have it already: while one version follows the other, no
		// cache on the way keeps that this one has not.
		w.Header().Set("Cache-Control", "no-store")
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.mediaType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	body := f.plain
	if acceptsGzip(r.Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		body = f.gzip
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	// An error here means that the browser has gone.
	_, _ = w.Write(body)
}

// acceptsGzip reads an Accept-Encoding header (RFC 9110, section 12.5.3).
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err == nil && (name == "gzip" || name == "*") {
			return strings.Trim(params["q"], "0.") != "" || params["q"] == ""
		}
	}
	return false
}
