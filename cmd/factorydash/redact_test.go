package main

import (
	"slices"
	"testing"
)

// The password of a URL is a secret by itself, in the forms that net/url does not
// know too.
func TestURLSecrets(t *testing.T) {
	for _, test := range []struct{ url, secret string }{
		{"redis://user:pass-word@host:6379/0", "pass-word"},
		{"redis-sentinel://user:pass-word@one:26379,two:26379/master", "pass-word"},
		{"redis-sentinel://user:x@one:26379,two:26379/master?sentinel_password=pass-word", "pass-word"},
		{"postgres://user:pass%2fword@host/db", "pass%2fword"},
	} {
		if got := urlSecrets(test.url); !slices.Contains(got, test.secret) {
			t.Errorf("secrets of %s: %q, want %q among them", test.url, got, test.secret)
		}
	}
}
