package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/shop"
)

// quickRanges are the lengths that the picker offers.
var quickRanges = []rangeWord{
	{"30s", "30 s"}, {"5m", "5 min"}, {"1h", "1 h"}, {"8h", "8 h"}, {"24h", "24 h"}, {"7d", "7 d"},
}

// dayRanges and shiftRanges are those that it names.
var (
	dayRanges = []rangeWord{
		{"day:today", "Today"}, {"day:yesterday", "Yesterday"}, {"week:current", "This week"}, {"week:prev", "Last week"},
	}
	shiftRanges = []rangeWord{{"shift:current", "Current shift"}, {"shift:prev", "Previous shift"}}
)

// rangeWord is a range by its name in addresses and its word for people.
type rangeWord struct{ Name, Word string }

// rangeLink is a range with the address that chooses it.
type rangeLink struct {
	Word, Href string
	Chosen     bool
}

// rangePicker is what the template "range" draws. It works without scripts: links,
// and forms that keep the page's other parameters.
type rangePicker struct {
	shop.Range
	// Planned is the end of the range: To, but where the range ends with the moment of
	// the past that is shown.
	Planned time.Time
	// Path is the page, and Kept its other parameters.
	Path string
	Kept []param
	// Quick, Days and Shifts are the ranges it offers by name.
	Quick, Days, Shifts []rangeLink
	// Previous and Next are the addresses of the ranges beside; empty where there
	// are none.
	Previous, Next string
	// Follow is the address of the range of this kind that moves with the clock, and
	// Fixed that of this one as it is now.
	Follow, Fixed string
	// Date is a day in the range, and Names are the shifts that a day may have.
	Date  shop.Date
	Names []string
	// FromText and ToText are its ends as people write them.
	FromText, ToText string
}

// param is a parameter of an address.
type param struct{ Name, Value string }

// Unit is what the arrows move by.
func (p rangePicker) Unit() string {
	switch kind, _, _ := strings.Cut(p.Name, ":"); kind {
	case "shift", "day", "week":
		return kind
	}
	return "range"
}

// rangeStep is one of the arrows beside a range. There is nothing to go to where
// Href is empty.
type rangeStep struct{ Rel, Label, Arrow, Href string }

// newRangeStep is called by the template.
func newRangeStep(direction, unit, href string) rangeStep {
	if direction == "next" {
		return rangeStep{"next", "Next " + unit, "›", href}
	}
	return rangeStep{"prev", "Previous " + unit, "‹", href}
}

// pickRange reads the range that a page is asked for and makes its picker. Where
// ok is false an answer has been given: what is wrong with the range, or the
// address of the one that was chosen in a form, or of the one that goes on at the
// moment of the past where the range lies behind that.
func (s *site) pickRange(w http.ResponseWriter, r *http.Request) (p rangePicker, ok bool) {
	q := r.URL.Query()
	chosen, err := chosenRange(q)
	if err != nil {
		s.fail(w, r, err)
		return rangePicker{}, false
	}
	if chosen != "" {
		dropRange(q)
		q.Set("range", chosen)
		redirect(w, r, q)
		return rangePicker{}, false
	}
	said := s.shop()
	now := s.now()
	picked, err := shop.ParseRange(q.Get("range"), q.Get("from"), q.Get("to"), now, said)
	if err != nil {
		s.fail(w, r, err)
		return rangePicker{}, false
	}
	if until, ok := picked.Until(now); ok && s.past() && !picked.From.Before(now) && formOf(r) == asHTML {
		// Who steps back through time comes out of the range that was chosen.
		dropRange(q)
		until.Params(q)
		redirect(w, r, q)
		return rangePicker{}, false
	}
	planned := picked.To
	if s.past() {
		if picked, err = endThen(picked, now); err != nil {
			s.fail(w, r, err)
			return rangePicker{}, false
		}
	}
	dropRange(q)
	p = newRangePicker(picked, r.URL.Path, q, now, said)
	p.Planned = planned
	return p, true
}

// redirect sends a browser to the same page with other parameters.
func redirect(w http.ResponseWriter, r *http.Request, q url.Values) {
	u := url.URL{Path: r.URL.Path + string(formOf(r)), RawQuery: q.Encode()}
	http.Redirect(w, r, u.String(), http.StatusSeeOther)
}

// endThen lets a range end with the moment of the past that is shown: what came
// after it is not known then.
func endThen(picked shop.Range, at time.Time) (shop.Range, error) {
	picked.Live = false
	if !picked.From.Before(at) {
		return picked, plant.Errorf(plant.Invalid, "at: the range begins at %s: use a moment after that, or a range that begins before %s.",
			picked.From.Format(time.RFC3339), at.Format(time.RFC3339))
	}
	if picked.To.After(at) {
		picked.To = at
		if picked.Name == "" {
			picked.Label = picked.Fixed().Label
		}
	}
	return picked, nil
}

// rangeNames are the parameters of an address that say its range.
var rangeNames = []string{"range", "from", "to", "date", "of"}

// dropRange takes what belongs to the range out of the parameters of an address.
func dropRange(q url.Values) {
	for _, name := range rangeNames {
		q.Del(name)
	}
}

// chosenRange gives the range that the form with a day was sent with: of is "day",
// "week" or "shift." with the name of a shift. It is empty where that form was not
// sent.
func chosenRange(q url.Values) (string, error) {
	if !q.Has("date") && !q.Has("of") {
		return "", nil
	}
	date, of := q.Get("date"), q.Get("of")
	if _, err := shop.ParseDate(date); err != nil {
		return "", plant.Errorf(plant.Invalid, "date=%.40q is not a day: write it as 2026-11-23.", date)
	}
	if name, ok := strings.CutPrefix(of, "shift."); ok {
		return "shift:" + date + "." + name, nil
	}
	if of != "day" && of != "week" {
		return "", plant.Errorf(plant.Invalid, "of=%.40q is neither day, week nor a shift: use one of them, such as of=day.", of)
	}
	return of + ":" + date, nil
}

// newRangePicker makes the picker of a page with other parameters.
func newRangePicker(picked shop.Range, path string, kept url.Values, now time.Time, said *shop.Shop) rangePicker {
	p := rangePicker{
		Range: picked, Path: path, Date: shop.DateOf(picked.From, said.Zone), Names: said.Calendar.Names(),
		FromText: localText(picked.From, said.Zone), ToText: localText(picked.To, said.Zone),
	}
	kept.Del("at") // It is added to all that the page leads to.
	for name, values := range kept {
		for _, value := range values {
			p.Kept = append(p.Kept, param{name, value})
		}
	}
	slices.SortStableFunc(p.Kept, func(a, b param) int { return strings.Compare(a.Name, b.Name) })
	links := func(words []rangeWord) []rangeLink {
		list := make([]rangeLink, len(words))
		for i, word := range words {
			list[i] = rangeLink{word.Word, named(word.Name, kept), word.Name == picked.Name}
		}
		return list
	}
	p.Quick, p.Days = links(quickRanges), links(dayRanges)
	if !said.Calendar.Empty() {
		p.Shifts = links(shiftRanges)
	}
	if r, ok := picked.Previous(); ok {
		p.Previous = rangeHref(r, kept)
	}
	if r, ok := picked.Next(); ok && r.From.Before(now) {
		p.Next = rangeHref(r, kept)
	}
	p.Follow, p.Fixed = named(followName(p), kept), rangeHref(picked.Fixed(), kept)
	return p
}

// followName is the range that moves with the clock and is of the kind of another.
func followName(p rangePicker) string {
	if p.Live {
		return p.Name
	}
	switch p.Unit() {
	case "shift":
		return "shift:current"
	case "day":
		return "day:today"
	case "week":
		return "week:current"
	}
	// The shortest that is as long.
	i := slices.IndexFunc(quickRanges, func(w rangeWord) bool {
		quick, err := shop.ParseRange(w.Name, "", "", p.To, nil)
		return err == nil && quick.To.Sub(quick.From) >= p.To.Sub(p.From)
	})
	return quickRanges[(i+len(quickRanges))%len(quickRanges)].Name
}

// named is the address of a range by its name.
func named(name string, kept url.Values) string {
	return rangeHref(shop.Range{Name: name}, kept)
}

// rangeHref is the address of this page with another range.
func rangeHref(r shop.Range, kept url.Values) string {
	q := make(url.Values, len(kept)+2)
	for name, values := range kept {
		q[name] = values
	}
	r.Params(q)
	return "?" + q.Encode()
}

// localText writes an instant as people type it, in the plant's zone; with its
// offset where the clock shows that time twice.
func localText(t time.Time, zone *time.Location) string {
	form := "2006-01-02 15:04"
	if t.Second() != 0 || t.Nanosecond() != 0 {
		form = time.DateTime
	}
	text := t.In(zone).Format(form)
	if again, err := shop.ParseRange("", text, "", t.Add(time.Hour), shop.None(zone)); err == nil && again.From.Equal(t.Truncate(time.Second)) {
		return text
	}
	return t.In(zone).Format(time.RFC3339)
}
