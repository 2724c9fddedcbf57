package web

import (
	"net/url"
	"slices"
	"strings"
)

// floorFilter is which machines the floor shows, and how: as the address has it.
type floorFilter struct {
	// Query is words that a card holds, State the slug of a state; all machines are
	// shown where both are empty.
	Query, State string
	// View is one of densities.
	View string
}

// densities are the views of the floor. All show the same elements: what differs is
// the style sheet.
var densities = []viewChoice{
	{View: "cards", Word: "Cards"},
	{View: "compact", Word: "Compact"},
	{View: "table", Word: "Table"},
	{View: "areas", Word: "Areas"},
}

// viewChoice is a density that can be chosen.
type viewChoice struct {
	View, Word, Href string
	Chosen           bool
}

// parseFloorFilter reads the filter; Invalid for a state or a view that there is not.
func parseFloorFilter(q url.Values) (f floorFilter, err error) {
	f.Query = strings.TrimSpace(q.Get("q"))
	if f.State, err = oneOf(q, "state", append([]string{"", unknownState}, stateSlugs()...)...); err != nil {
		return f, err
	}
	views := make([]string, len(densities))
	for i, c := range densities {
		views[i] = c.View
	}
	f.View, err = oneOf(q, "view", views...)
	return f, err
}

// Href is the address of the floor with the filter.
func (f floorFilter) Href() string {
	values := make(url.Values)
	for name, value := range map[string]string{"q": f.Query, "state": f.State, "view": f.View} {
		if value != "" && (name != "view" || value != densities[0].View) {
			values.Set(name, value)
		}
	}
	if len(values) == 0 {
		return "/floor"
	}
	return "/floor?" + values.Encode()
}

// views gives the densities, each with the address that leads to it.
func (f floorFilter) views() []viewChoice {
	choices := slices.Clone(densities)
	for i := range choices {
		c := &choices[i]
		c.Chosen = c.View == f.View
		to := f
		to.View = c.View
		c.Href = to.Href()
	}
	return choices
}
