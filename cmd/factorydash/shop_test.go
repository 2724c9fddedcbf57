package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
