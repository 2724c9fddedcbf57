package recording_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/recording"
)

// archive makes an archive of files that hold their names.
func archive(t *testing.T, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	tw := tar.NewWriter(&b)
	for _, name := range names {
		if err := tw.WriteHeader(&tar.Header{Name: name, Size: int64(len(name)), Mode: 0o600, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(tw, name); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDocuments(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	many := archive(t, "docs/a.xml", "docs/.hidden", "docs/b.xml")
	paths := []string{
		write("plain.xml", []byte("plain")), write("zipped.xml.gz", gzipped(t, []byte("zipped"))),
		write("many.tgz", gzipped(t, many)), write("many.tar.gz", gzipped(t, many)), write("many.tar", many),
	}
	var got, files []string
	for d, err := range recording.Documents(paths...) {
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(d.Body)
		if err != nil {
			t.Fatal(err)
		}
		got, files = append(got, string(body)), append(files, d.File)
	}
	want := []string{"plain", "zipped", "docs/a.xml", "docs/b.xml", "docs/a.xml", "docs/b.xml", "docs/a.xml", "docs/b.xml"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"plain.xml", "zipped.xml", "a.xml", "b.xml", "a.xml", "b.xml", "a.xml", "b.xml"}, files); diff != "" {
		t.Error(diff)
	}
	// Who goes on after an error gets the next file.
	for _, path := range []string{filepath.Join(dir, "missing.xml"), write("no.gz", []byte("no")), write("no.tar", bytes.Repeat([]byte("no"), 600))} {
		failed, after := false, ""
		for d, err := range recording.Documents(path, paths[0]) {
			if err == nil {
				after = d.Name
				continue
			}
			failed = strings.Contains(err.Error(), filepath.Base(path)) && d.Name == path
		}
		if !failed || after != paths[0] {
			t.Errorf("%s: want an error that names the file, and the next file after it; got %v, %q", path, failed, after)
		}
	}
}

func gzipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestName(t *testing.T) {
	for path, want := range map[string]string{
		"day.txt": "day.txt", "/a/day.txt.gz": "day.txt", "a.TGZ": "a", "b.tar.gz": "b", "c.tar": "c", "x.xml": "x.xml", ".gz": ".gz",
	} {
		if got := recording.Name(path); got != want {
			t.Errorf("name of %s is %s, want %s", path, got, want)
		}
	}
}

func TestIsLines(t *testing.T) {
	dir := t.TempDir()
	for name, test := range map[string]struct {
		data  []byte
		lines bool
	}{
		"lines":         {[]byte("2016-01-01T00:00:00Z|avail|AVAILABLE\n"), true},
		"command":       {[]byte("\n* PING\n"), true},
		"lines.gz":      {gzipped(t, []byte("|avail|AVAILABLE\n")), true},
		"a.xml":         {[]byte("\xef\xbb\xbf <?xml?>"), false},
		"a.json":        {[]byte("{}"), false},
		"empty":         {nil, false},
		"lines.tgz":     {gzipped(t, archive(t, "2016")), true},
		"documents.tar": {archive(t, "<?xml"), false},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, test.data, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := recording.IsLines(path); got != test.lines || err != nil {
			t.Errorf("%s: %v, %v; want %v", name, got, err, test.lines)
		}
	}
	if _, err := recording.IsLines(filepath.Join(dir, "missing")); err == nil {
		t.Error("a file that is not there: no error")
	}
}
