package postgres

import (
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestText(t *testing.T) {
	check := func(t rapid.TB, s string) {
		column := encodeText(s)
		if !utf8.ValidString(column) || len(column) > 0 && column[len(column)-1] == 0 {
			t.Errorf("%q stands as %q", s, column)
		}
		if back, err := decodeText(column); err != nil || back != s {
			t.Errorf("%q came back as %q, %v", s, back, err)
		}
	}
	for _, s := range []string{"", "a", "\x00", "a\x00b", "\xff", "\x01", "\x01\"\"", "\ufffd", "\xed\xa0\x80", `\x00`, "Öl"} {
		check(t, s)
	}
	rapid.Check(t, func(t *rapid.T) { check(t, string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))) })
	if encodeText("plain") != "plain" {
		t.Error("a plain text is changed")
	}
}
