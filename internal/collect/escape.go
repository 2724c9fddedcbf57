package collect

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/factorydash/factorydash/internal/plant"
)

const (
	// maxErrorText and maxHeaderText bound what is shown of errors and headers,
	// in bytes before escaping.
	maxErrorText  = 300
	maxHeaderText = 100
)

// escape makes a text that an agent had a part in safe to show and to log: at
// most n bytes, printable, one line.
func escape(s string, n int) string {
	cut := ""
	if len(s) > n {
		s, cut = strings.ToValidUTF8(s[:n], ""), "…"
	}
	quoted := strconv.QuoteToGraphic(s)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`) + cut
}

// errorText is the text of an error about an agent, escaped and without the
// agent's credentials.
func errorText(a plant.Agent, err error) string {
	text := strings.ReplaceAll(err.Error(), a.URL, a.Redacted())
	if u, parseErr := url.Parse(a.URL); parseErr == nil && u.User != nil {
		if password, ok := u.User.Password(); ok && password != "" {
			text = strings.ReplaceAll(text, password, "xxxxx")
		}
	}
	return escape(text, maxErrorText)
}
