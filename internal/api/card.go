package api

import (
	"cmp"
	"slices"
	"strings"

	"github.com/factorydash/factorydash/internal/plant"
)

// card is which data items of a machine its card on the floor shows.
type card struct {
	paths      []path
	parts      []*item // the best first
	conditions []*item
	// shows has every data item above.
	shows map[plant.ItemID]bool
}

// path is the data items of one path of a machine. A nil item is not in the
// model.
type path struct {
	name                     string
	program, mode, execution *item
}

// The ranks say which subtypes of a type are looked for: the lowest is the best,
// a negative one is not taken. Of a count, what is wanted, remaining or bad is
// not what has been made.

func plainRank(subType string) int { return slices.Index([]string{""}, subType) }

func programRank(subType string) int {
	return slices.Index([]string{"", "ACTIVE", "MAIN"}, subType)
}

func partRank(subType string) int {
	return slices.Index([]string{"GOOD", "ALL", "COMPLETE", ""}, subType)
}

// newCard picks what a card shows.
func newCard(items []*item) card {
	c := card{shows: make(map[plant.ItemID]bool)}
	for _, id := range pathIDs(items) {
		p := path{
			name:      pathName(items, id),
			program:   pick(items, id, "PROGRAM", programRank),
			mode:      pick(items, id, "CONTROLLER_MODE", plainRank),
			execution: pick(items, id, "EXECUTION", plainRank),
		}
		for _, it := range []*item{p.program, p.mode, p.execution} {
			if it != nil {
				c.shows[it.ID] = true
			}
		}
		c.paths = append(c.paths, p)
	}
	for _, it := range items {
		switch {
		case it.Category == plant.Condition:
			c.conditions = append(c.conditions, it)
			c.shows[it.ID] = true
		case it.Type == "PART_COUNT" && partRank(it.SubType) >= 0 && !isSet(it.DataItem):
			c.parts = append(c.parts, it)
			c.shows[it.ID] = true
		}
	}
	slices.SortStableFunc(c.parts, func(a, b *item) int {
		return cmp.Compare(partRank(a.SubType), partRank(b.SubType))
	})
	return c
}

// pathIDs gives the ids of the paths in the order of the model: one empty id for
// a machine without any.
func pathIDs(items []*item) []string {
	var ids []string
	for _, it := range items {
		if it.PathID != "" && !slices.Contains(ids, it.PathID) {
			ids = append(ids, it.PathID)
		}
	}
	if ids == nil {
		return []string{""}
	}
	return ids
}

// pathName is the name of the Path component, or its id where it has none.
func pathName(items []*item, id string) string {
	for _, it := range items {
		if it.PathID != id {
			continue
		}
		// The Path is the last of its type on the way to the data item.
		for _, step := range slices.Backward(strings.Split(it.Path, "/")) {
			if rest, ok := strings.CutPrefix(step, "Path"); ok && (rest == "" || rest[0] == '[') {
				return cmp.Or(strings.Trim(rest, "[]"), id)
			}
		}
	}
	return id
}

// pick gives the data item of a type that stands at a path, or at no path at
// all, with the lowest rank that is not negative; nil where there is none.
func pick(items []*item, pathID, typ string, rank func(subType string) int) *item {
	var best *item
	for _, it := range items {
		if it.Type != typ || it.PathID != pathID && it.PathID != "" || rank(it.SubType) < 0 || isSet(it.DataItem) {
			continue
		}
		if best == nil || rank(it.SubType) < rank(best.SubType) {
			best = it
		}
	}
	return best
}

// isSet reports whether the values of a data item are data sets or tables.
func isSet(d plant.DataItem) bool {
	return d.Representation == "DATA_SET" || d.Representation == "TABLE"
}
