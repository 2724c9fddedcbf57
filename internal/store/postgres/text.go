package postgres

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"
)

// quoted begins a text that stands quoted in its column: one that PostgreSQL
// cannot hold, having a NUL or bytes that are no UTF-8, or that begins with this
// itself. No text of an XML document does.
const quoted = "\x01"

// encodeText gives a text as it stands in its column.
func encodeText(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 && !strings.HasPrefix(s, quoted) {
		return s
	}
	return quoted + strconv.Quote(s)
}

// decodeText is the reverse of encodeText.
func decodeText(column string) (string, error) {
	rest, is := strings.CutPrefix(column, quoted)
	if !is {
		return column, nil
	}
	s, err := strconv.Unquote(rest)
	if err != nil {
		return "", fmt.Errorf("text that stands quoted in its column: %w", err)
	}
	return s, nil
}

// text is a text from outside on its way to a column, or from one; NULL is empty.
type text string

// TextValue implements pgtype.TextValuer.
func (t text) TextValue() (pgtype.Text, error) {
	return pgtype.Text{String: encodeText(string(t)), Valid: true}, nil
}

// ScanText implements pgtype.TextScanner.
func (t *text) ScanText(column pgtype.Text) error {
	s, err := decodeText(column.String)
	*t = text(s)
	return err
}
