package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestCheckReadsTheShopFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.json")
	write(t, path, `{"zone": "Europe/Berlin", "areas": ["Hall 1"], "machines": {"vmc-01": {"area": "Hall 1"}}}`)
	if got := checked(t, 0, "--shop", path)["shop"]; !strings.HasPrefix(got, path+" (zone Europe/Berlin; shifts: none; 1 machines in 1 areas)") {
		t.Errorf("a file that is right: %q", got)
	}
	write(t, path, `{"zone": "Berlin"}`)
	if got := checked(t, 1, "--shop", path)["shop"]; !strings.Contains(got, `zone: "Berlin" is no time zone; use a name of the IANA list`) {
		t.Errorf("a file that is wrong: %q", got)
	}
	if got := checked(t, 0, "--simulate")["shop"]; !strings.HasPrefix(got, "none (that of the simulated shop is used)") {
		t.Errorf("the simulated shop: %q", got)
	}
	if out, code := combined(t, "serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--shop", path); code == 0 || !strings.Contains(out, "is no time zone") {
		t.Errorf("serve with a file that is wrong ends with %d: %s", code, out)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A new shop file is in force without a restart, and one that is wrong is told of.
func TestShopFileIsReadAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "shop.json")
	write(t, path, `{"zone": "Europe/Berlin"}`)
	p := start(t, "serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--shop", path, "--simulate")
	says := func(text string) {
		t.Helper()
		for until := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
			if strings.Contains(body(t, "http://"+p.address()+"/settings/shifts"), text) {
				return
			}
			if time.Now().After(until) {
				t.Fatalf("/settings/shifts does not say %q", text)
			}
		}
	}
	says("Europe/Berlin")
	write(t, path, `{"zone": "America/New_York"}`)
	says("America/New_York")
	write(t, path, `{"zone": "Nowhere"}`)
	says("is no time zone")
	says("America/New_York")
}

func body(t *testing.T, address string) string {
	t.Helper()
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
