package mtconnect

import (
	"cmp"
	"encoding/base64"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// masked stands where a credential was.
const masked = "xxxxx"

// secrets takes the credentials of a client out of texts that an agent, or what
// answers in its place, had a part in: it may repeat what it was sent.
type secrets struct{ mask *strings.Replacer }

// newSecrets makes one of the credentials of options, in the forms in which a page, a
// document or an error has them. A user name without a password is a key.
func newSecrets(o Options) secrets {
	plain := []string{cmp.Or(o.Password, o.Username), o.Bearer}
	if o.Username != "" {
		plain = append(plain, base64.StdEncoding.EncodeToString([]byte(o.Username+":"+o.Password)))
	}
	var forms []string
	for _, s := range plain {
		_, user, _ := strings.Cut(url.UserPassword("", s).String(), ":")
		quoted, ascii := strconv.Quote(s), strconv.QuoteToASCII(s)
		forms = append(forms, s, user, url.QueryEscape(s), url.PathEscape(s), html.EscapeString(s), quoted[1:len(quoted)-1], ascii[1:len(ascii)-1])
	}
	// The longest first, as one may be a part of another.
	slices.SortFunc(forms, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	var pairs []string
	for _, s := range slices.Compact(forms) {
		if s != "" {
			pairs = append(pairs, s, masked)
		}
	}
	return secrets{strings.NewReplacer(pairs...)}
}

// text gives a text without the credentials.
func (s secrets) text(t string) string { return s.mask.Replace(t) }

// agent takes them out of what an agent said of an error.
func (s secrets) agent(e *AgentError) {
	for i := range e.Errors {
		entry := &e.Errors[i]
		entry.Code = ErrorCode(s.text(string(entry.Code)))
		for _, t := range []*string{&entry.Message, &entry.URI, &entry.Request, &entry.Parameter, &entry.Value, &entry.Minimum, &entry.Maximum} {
			*t = s.text(*t)
		}
	}
}

// error gives an error whose text is without them.
func (s secrets) error(err error) error {
	text := err.Error()
	if shown := s.text(text); shown != text {
		return &maskedError{shown, err}
	}
	return err
}

// maskedError is an error with another text.
type maskedError struct {
	text string
	err  error
}

// Error gives the text without credentials.
func (e *maskedError) Error() string { return e.text }

// Unwrap gives the error itself.
func (e *maskedError) Unwrap() error { return e.err }
