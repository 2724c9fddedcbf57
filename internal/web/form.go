package web

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/api"
)

// form is how a page is answered: as HTML, or for programs and spreadsheets at the
// same address with .json or .csv behind its path.
type form string

const (
	asHTML form = ""
	asJSON form = ".json"
	asCSV  form = ".csv"
)

type formKey struct{}

// forms takes the form off the path and leaves it with the request, so that
// every page has the same address in each form. Assets keep theirs.
func forms(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, f := range []form{asJSON, asCSV} {
			if strings.HasSuffix(r.URL.Path, string(f)) && !strings.HasPrefix(r.URL.Path, "/assets/") {
				r = r.Clone(context.WithValue(r.Context(), formKey{}, f))
				r.URL.Path = strings.TrimSuffix(r.URL.Path, string(f))
				r.URL.RawPath = strings.TrimSuffix(r.URL.RawPath, string(f))
				break
			}
		}
		next.ServeHTTP(w, r)
	})
}

// formOf gives the form in which a request wants its page.
func formOf(r *http.Request) form {
	f, _ := r.Context().Value(formKey{}).(form)
	return f
}

// inForm gives the address of the page that a request asks for in another form.
func inForm(r *http.Request, f form) string {
	u := url.URL{Path: r.URL.Path + string(f), RawQuery: r.URL.RawQuery}
	return u.String()
}

// table is what a page shows as CSV. A cell is a string, a bool, an integer, a
// float64, a time.Time, or nil where it is not known.
type table struct {
	Columns []string
	Rows    [][]any
}

// drawData answers with what a page shows rather than with the page.
func (s *site) drawData(w http.ResponseWriter, r *http.Request, status int, p page) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	switch {
	case formOf(r) == asJSON && p.Data != nil:
		h.Set("Content-Type", "application/json")
		w.WriteHeader(status)
		s.sent(r, json.NewEncoder(w).Encode(p.Data))
	case formOf(r) == asCSV && p.Table != nil:
		h.Set("Content-Type", "text/csv; charset=utf-8")
		w.WriteHeader(status)
		s.sent(r, p.Table.write(w))
	default:
		s.drawProblem(w, failure{
			Status: http.StatusNotFound, Title: "Not found",
			Cause: fmt.Sprintf("The page %s has no form %s.", r.URL.Path, strings.TrimPrefix(string(formOf(r)), ".")),
		})
	}
}

// sent logs why an answer could not be written; where the browser has gone,
// nobody needs to know.
func (s *site) sent(r *http.Request, err error) {
	if err != nil && r.Context().Err() == nil {
		s.log.DebugContext(r.Context(), "answer not sent", "path", r.URL.Path, "error", err)
	}
}

// drawProblem answers a program whose page could not be drawn, after RFC 9457.
func (s *site) drawProblem(w http.ResponseWriter, f failure) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(f.Status)
	// An error here means that the client has gone.
	_ = json.NewEncoder(w).Encode(map[string]any{"status": f.Status, "title": f.Title, "detail": f.Cause})
}

// write writes the table after RFC 4180.
func (t *table) write(w io.Writer) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	if err := c.Write(t.Columns); err != nil {
		return err
	}
	line := make([]string, len(t.Columns))
	for _, row := range t.Rows {
		for i, cell := range row {
			line[i] = cellText(cell)
		}
		if err := c.Write(line[:len(row)]); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// cell gives what is known as a cell, and nil for what is not.
func cell[T any](v *T) any {
	if v == nil {
		return nil
	}
	return *v
}

// cellText gives a cell as text; what spreadsheets would take for a formula stays a
// text.
func cellText(cell any) string {
	switch v := cell.(type) {
	case nil:
		return ""
	case string:
		return api.CellText(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	default:
		return fmt.Sprint(v)
	}
}
