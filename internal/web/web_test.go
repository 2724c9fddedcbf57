package web_test

import (
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAgents(t *testing.T) {
	server := newShop(atNoon).serve(t)
	_, html := page(t, server, "/agents")
	for name, want := range map[string]string{
		"hall-a": "hall-a http://10.0.4.11:5000/ Streaming 1 d 2 h 2.7.0.9 schema 2.7 1763888000 12 677 878 0 11 min 212 0.4 s +0.1 s 0 1 s",
		"hall-b": "hall-b http://user:xxxxx@10.0.4.12:5000/ Polling 3 h 00 min 1.3.0.17 schema 1.3 1763112233 88 123 318 40 min 3.2 2.6 s −95.0 s clock 95 s behind 3 1 412 known lost 2 s",
		"hall-c": "hall-c http://10.0.4.13:5000/ No link 4 min dial tcp 10.0.4.13:5000: connection refused next try in 26 s 2 parts of what is stored are damaged; factorydash verify-store tells more 2.3.0.1 schema 2.3 1763001122 4 411 0 — 0.0 — 0.0 s 0 4 min",
	} {
		row := section(t, html, `<tr data-agent="`+name+`"`, "</tr>")
		if diff := cmp.Diff(want, words(row)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAgent(t *testing.T) {
	s := newShop(atNoon)
	server := s.serve(t)
	_, html := page(t, server, "/agents/hall-b")
	for _, want := range []string{
		"Gap ledger 3",
		"11:10:00 1763112233 80 101 81 512 1 412 Overrun: the agent's buffer dropped them before they were read the buffer began at 81513",
		"09:00:00 1763000001 4 411 … not known Restart:",
		"Older gaps",
	} {
		text := words(html)
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	if status, _ := page(t, server, "/agents/nobody"); status != http.StatusNotFound {
		t.Errorf("an agent that does not exist: status %d", status)
	}
	s.gaps = nil
	if _, html = page(t, server, "/agents/hall-a"); !strings.Contains(words(html), "None: every observation since the first is stored.") {
		t.Errorf("no gaps: %s", words(html))
	}
	s.gapsErr = errors.New("secret")
	if _, html = page(t, server, "/agents/hall-a"); !strings.Contains(html, "could not be read") || strings.Contains(html, "secret") {
		t.Errorf("gaps not known: %s", words(html))
	}
}

func TestNoAgents(t *testing.T) {
	s := newShop(atNoon)
	s.agents = nil
	if _, html := page(t, s.serve(t), "/agents"); !strings.Contains(words(html), "No agents yet") {
		t.Error("the page does not say that there are no agents")
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	server := newShop(atNoon).serve(t)
	for _, path := range []string{"/floor", "/m/vmc-01", "/agents", "/system", "/about", "/nowhere", "/assets/none.js"} {
		answer, err := server.Client().Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		policy := answer.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: policy %q lacks %s", path, policy, want)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if got := answer.Header.Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("%s: X-Content-Type-Options %q", path, got)
		}
		if got := answer.Header.Get("Referrer-Policy"); got == "" {
			t.Errorf("%s: no Referrer-Policy", path)
		}
	}
}

func TestPagesAreForReading(t *testing.T) {
	server := newShop(atNoon).serve(t)
	for _, path := range []string{"/floor", "/m/vmc-01", "/nowhere"} {
		answer, err := server.Client().Post(server.URL+path, "text/plain", strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: status %d", path, answer.StatusCode)
		}
	}
}

func TestNoScriptOrStyleStandsInAPage(t *testing.T) {
	server := newShop(atNoon).serve(t)
	inline := regexp.MustCompile(`<script>|<script type="module">|<style|\sstyle=|\son[a-z]+=`)
	for _, path := range []string{"/floor", "/m/vmc-01", "/agents", "/agents/hall-b", "/system", "/about", "/nowhere"} {
		_, html := page(t, server, path)
		if found := inline.FindString(html); found != "" {
			t.Errorf("%s has %q, which the policy forbids", path, found)
		}
	}
}

// outside finds addresses; those in which XML names its vocabularies lead nowhere.
var outside = regexp.MustCompile(`https?://[^\s"'<>)]+`)

func TestNothingLeadsOutside(t *testing.T) {
	s := newShop(atNoon)
	s.agents = nil
	server := s.serve(t)
	check := func(name, text string) {
		for _, address := range outside.FindAllString(text, -1) {
			if !strings.HasPrefix(address, "http://www.w3.org/") {
				t.Errorf("%s: %s", name, address)
			}
		}
	}
	for _, path := range []string{"/floor", "/m/vmc-01", "/system", "/nowhere"} {
		_, html := page(t, server, path)
		check(path, strings.ReplaceAll(html, "http://host:5000", ""))
	}
	err := filepath.WalkDir("assets/dist", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		check(path, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAssetsAreKeptAndCompressed(t *testing.T) {
	server := newShop(atNoon).serve(t)
	_, html := page(t, server, "/floor")
	links := regexp.MustCompile(`/assets/[^"]+`).FindAllString(html, -1)
	if len(links) < 4 {
		t.Fatalf("assets: %q", links)
	}
	for _, link := range links {
		request, err := http.NewRequest(http.MethodGet, server.URL+link, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept-Encoding", "br, gzip;q=0.8")
		answer, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if got := answer.Header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
			t.Errorf("%s: Cache-Control %q", link, got)
		}
		plain, err := gzip.NewReader(answer.Body)
		if err != nil {
			t.Fatalf("%s: %v", link, err)
		}
		compressed, err := io.ReadAll(plain)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		request.Header.Set("Accept-Encoding", "gzip;q=0")
		if answer, err = server.Client().Do(request); err != nil {
			t.Fatal(err)
		}
		identity, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.Header.Get("Content-Encoding") != "" || string(identity) != string(compressed) {
			t.Errorf("%s: compressed and not it is not the same", link)
		}
	}
}

// TestFloorIsLight measures what a browser loads for a floor of 100 machines.
func TestFloorIsLight(t *testing.T) {
	s := newShop(atNoon)
	for len(s.machines) < 100 {
		m := s.machines[len(s.machines)%9]
		m.Slug += "x"
		s.machines = append(s.machines, m)
	}
	server := s.serve(t)
	_, html := page(t, server, "/floor")
	total := gzipped(t, html)
	names := make(map[string]bool)
	var load func(text string)
	load = func(text string) {
		for _, m := range regexp.MustCompile(`(?:/assets|\.)/([a-z]+-[A-Z0-9]+\.(?:js|css|svg))`).FindAllStringSubmatch(text, -1) {
			if names[m[1]] {
				continue
			}
			names[m[1]] = true
			_, asset := page(t, server, "/assets/"+m[1])
			total += gzipped(t, asset)
			load(asset)
		}
	}
	load(html)
	t.Logf("%d files and the page: %d bytes", len(names), total)
	if len(names) < 6 {
		t.Errorf("only these were found: %v", names)
	}
	if total > 200_000 {
		t.Errorf("the floor is %d bytes, more than 200,000", total)
	}
}

func gzipped(t *testing.T, text string) int {
	t.Helper()
	var n counter
	w := gzip.NewWriter(&n)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return int(n)
}

type counter int

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}

func TestAbout(t *testing.T) {
	_, html := page(t, newShop(atNoon).serve(t), "/about")
	for _, want := range []string{"factorydash 1.2.3", "bootstrap", "chart.js", "kurkle-color", "Permission is hereby granted"} {
		if !strings.Contains(html, want) {
			t.Errorf("no %q", want)
		}
	}
}
