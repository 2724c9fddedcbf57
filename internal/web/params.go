package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// oneOf reads a parameter that is one of some words, the first of which stands for
// none. Invalid where it is another.
func oneOf(q url.Values, name string, words ...string) (string, error) {
	word := q.Get(name)
	if word == "" {
		return words[0], nil
	}
	if !slices.Contains(words, word) {
		return "", notOneOf(name, word, words)
	}
	return word, nil
}

// notOneOf says that a parameter is none of the words that it may be.
func notOneOf(name, word string, words []string) error {
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "" })
	last := len(words) - 1
	use := words[last]
	if last > 0 {
		use = strings.Join(words[:last], ", ") + " or " + use
	}
	return plant.Errorf(plant.Invalid, "%s=%.20q is not understood: use %s.", name, word, use)
}

// asError makes an error of what a page says beside what it shows, for its other
// forms, which have no place for it.
func asError(r *http.Request, problems ...string) error {
	said := strings.TrimSpace(strings.Join(problems, " "))
	if formOf(r) == asHTML || said == "" {
		return nil
	}
	return plant.Errorf(plant.Invalid, "%s", said)
}

// checkShown refuses a part of a lane, or a moment to explain, that cannot be: the
// page's script shows them.
func checkShown(q url.Values, now time.Time) error {
	if text := q.Get("zoom"); text != "" {
		first, second, _ := strings.Cut(text, ",")
		from, ok := parseMoment(first, now.Location())
		to, also := parseMoment(second, now.Location())
		if !ok || !also || !from.Before(to) {
			return plant.Errorf(plant.Invalid, "zoom=%.60q is no part of the range: use two moments, the earlier first, such as %s,%s.",
				text, now.Add(-time.Hour).UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
		}
	}
	text := q.Get("why")
	if _, ok := parseMoment(text, now.Location()); !ok && text != "" && text != "now" {
		return plant.Errorf(plant.Invalid, "why=%.40q is no moment: use now, or one such as %s.", text, now.Add(-time.Hour).UTC().Format(time.RFC3339))
	}
	return nil
}
