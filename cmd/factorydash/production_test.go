package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWeakKeys(t *testing.T) {
	for _, key := range []string{
		"short", strings.Repeat("a", 64), strings.Repeat("0123456789", 4), "abcdefghijklmnopqrstuvwxyz012345",
		"changeme-3f9a0c1d8e7b6a5f4c2d1e0f", "6f1c2b7ad0934e586f1c2b7ad0934e58",
	} {
		if !weak(key) {
			t.Errorf("%q counts as strong", key)
		}
	}
	for range 1000 {
		random := make([]byte, minSecretKeyBytes)
		if _, err := rand.Read(random); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{hex.EncodeToString(random), base64.StdEncoding.EncodeToString(random), hex.EncodeToString(random[:16])} {
			if weak(key) {
				t.Fatalf("random %q counts as weak", key)
			}
		}
	}
}

// randomKey makes a SECRET_KEY.
func randomKey() string { return rand.Text() + rand.Text() }

// What production demands is refused at the start, and told by check, in the same
// words; with it the process starts and listens where others reach it.
func TestProductionDemandsSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(randomKey()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		environment map[string]string
		row, want   string // of check; none where all is well
	}{
		"no key":            {map[string]string{"ALLOWED_HOSTS": "floor.example"}, "secret-key", "SECRET_KEY is not set"},
		"weak key":          {map[string]string{"ALLOWED_HOSTS": "floor.example", "SECRET_KEY": "hunter2hunter2hunter2hunter2hunter2"}, "secret-key", "SECRET_KEY can be guessed"},
		"key file away":     {map[string]string{"ALLOWED_HOSTS": "floor.example", "SECRET_KEY_FILE": file + "x"}, "secret-key", "SECRET_KEY_FILE"},
		"no names":          {map[string]string{"SECRET_KEY": randomKey()}, "allowed-hosts", "ALLOWED_HOSTS is empty"},
		"only separators":   {map[string]string{"SECRET_KEY": randomKey(), "ALLOWED_HOSTS": " , "}, "allowed-hosts", "ALLOWED_HOSTS is empty"},
		"other environment": {map[string]string{"SECRET_KEY": randomKey(), "ALLOWED_HOSTS": "f", "FACTORYDASH_ENV": "prod"}, "environment", "use production or development"},
		"platform's word":   {map[string]string{"FACTORYDASH_ENV": "", "RAILWAY_ENVIRONMENT": "main"}, "secret-key", "SECRET_KEY is not set"},
		"nothing at all":    {nil, "allowed-hosts", "ALLOWED_HOSTS is empty"},
		"all is there":      {map[string]string{"SECRET_KEY_FILE": file, "ALLOWED_HOSTS": "floor.example"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("FACTORYDASH_ENV", envProduction)
			for variable, value := range test.environment {
				t.Setenv(variable, value)
			}
			data := filepath.Join(t.TempDir(), "data")
			if test.want == "" {
				checked(t, 0, "--data", data)
				return
			}
			if got := checked(t, 1, "--data", data)[test.row]; !strings.Contains(got, test.want) {
				t.Errorf("check: %s is %q, want %q", test.row, got, test.want)
			}
			out, code := combined(t, "serve", "--data", data, "--listen", "127.0.0.1:0")
			if code == exitOK || !strings.Contains(out, test.want) || strings.Contains(out, "hunter2") {
				t.Errorf("serve: exit code %d, %q; want %q", code, out, test.want)
			}
			if _, err := os.Stat(data); err == nil {
				t.Error("a refused start made a store")
			}
		})
	}
}

// In production, where the settings are checked, the default address is every one.
func TestDefaultAddress(t *testing.T) {
	for _, test := range []struct{ env, port, listen, want string }{
		{"", "", "", "127.0.0.1:8000"},
		{"", "9000", "", "127.0.0.1:9000"},
		{envProduction, "", "", ":8000"},
		{envProduction, "9000", "", ":9000"},
		{envProduction, "9000", "127.0.0.1:1", "127.0.0.1:1"},
	} {
		t.Setenv("FACTORYDASH_ENV", test.env)
		t.Setenv("PORT", test.port)
		if got, err := (listenFlags{Listen: test.listen}).address(); err != nil || got != test.want {
			t.Errorf("%+v: %q, %v", test, got, err)
		}
	}
	for address, want := range map[string]bool{"127.0.0.1:1": false, "[::1]:1": false, "localhost:1": false, ":1": true, "[::]:1": true, "10.0.0.5:1": true} {
		if beyondLoopback(address) != want {
			t.Errorf("%s is beyond loopback: %v", address, !want)
		}
	}
}

// A process in production answers under its names only, behind a proxy that speaks
// TLS with HSTS, and tells search engines to stay away.
func TestProductionOverHTTP(t *testing.T) {
	t.Setenv("FACTORYDASH_ENV", envProduction)
	t.Setenv("SECRET_KEY", randomKey())
	t.Setenv("ALLOWED_HOSTS", "floor.example")
	t.Setenv("TRUSTED_PROXIES", "127.0.0.1")
	p := start(t, "serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--agent", "a=http://127.0.0.1:1")
	address := p.address()
	ask := func(host, path string, headers ...string) *http.Response {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = host
		for i := 0; i < len(headers); i += 2 {
			request.Header.Set(headers[i], headers[i+1])
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response
	}
	for _, path := range []string{"/floor", "/robots.txt", "/api/v1/machines", "/healthz", "/metrics"} {
		r := ask("floor.example", path, "X-Forwarded-Proto", "https")
		if r.StatusCode != http.StatusOK || r.Header.Get("Strict-Transport-Security") == "" || r.Header.Get("X-Content-Type-Options") != "nosniff" ||
			r.Header.Get("Content-Security-Policy") == "" || r.Header.Get("Cross-Origin-Opener-Policy") == "" {
			t.Errorf("%s: %d, %v", path, r.StatusCode, r.Header)
		}
	}
	if r := ask("floor.example", "/floor"); r.Header.Get("Strict-Transport-Security") != "" {
		t.Error("HSTS where nobody says that there is TLS")
	}
	host, _, _ := net.SplitHostPort(address)
	if r := ask(host, "/floor", "X-Forwarded-Host", "floor.example"); r.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("under another name: %d", r.StatusCode)
	}
	if r := ask("healthcheck.railway.app", "/readyz"); r.StatusCode != http.StatusOK {
		t.Errorf("/readyz under another name: %d", r.StatusCode)
	}
	if out, code := output(t, "healthcheck", "--listen", address); code != 0 || out != "ready\n" {
		t.Errorf("healthcheck: %d, %q", code, out)
	}
}
