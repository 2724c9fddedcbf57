package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/factorydash/factorydash/internal/plant"
)

// ItemQuery asks for data items of all machines.
type ItemQuery struct {
	// Text is words, each of which has to be part of the data item's id, name,
	// type, subtype, component or units, or of its machine's or agent's name, in
	// any case; all data items where it is empty.
	Text string
	// Machine is the slug of a machine, Category SAMPLE, EVENT or CONDITION; any
	// where they are empty.
	Machine, Category string
	// After is the Next of the page before; Limit is how many entries the page has
	// at most, DefaultPage where it is 0.
	After string
	Limit int
}

// Items finds data items: those whose id or name is the text first, then those in
// which more words stand whole or at the beginning of a word, and then by number.
// Without a machine, those of machines that are on the floor are looked through.
// It reads nothing from the store.
func (s *Service) Items(_ context.Context, q ItemQuery) (Page[ItemEntry], error) {
	none := Page[ItemEntry]{}
	limit, err := checkCount("limit", q.Limit, DefaultPage, 1, MaxPage)
	if err != nil {
		return none, err
	}
	after := match{rank: 1 << 30}
	if q.After != "" {
		if after, err = parseMatch(q.After); err != nil {
			return none, err
		}
	}
	if len(q.Text) > 4*MaxSearchText { // of UTF-8
		return none, plant.Errorf(plant.Invalid, "q: use at most %d characters", MaxSearchText)
	}
	words := strings.Fields(strings.ToLower(q.Text))
	if len(words) > MaxSearchWords {
		return none, plant.Errorf(plant.Invalid, "q: use at most %d words, not %d", MaxSearchWords, len(words))
	}
	text := strings.Join(words, " ")
	machines, err := s.searched(q.Machine)
	if err != nil {
		return none, err
	}
	best := newMatches(limit+1, after)
	for _, m := range machines {
		ranks := make([]int, len(words)) // of the words in what names the machine
		for i, word := range words {
			ranks[i] = rankOf(word, m.words)
		}
		for i, it := range m.items {
			rank, ok := rankAll(words, m.itemWords.of(i), ranks)
			if !ok || q.Category != "" && it.Category.String() != q.Category {
				continue
			}
			if rank == wholeWord*len(words) && it.isCalled(text) {
				rank = exactRank
			}
			best.add(match{rank, it.ID, it})
		}
	}
	page, found := Page[ItemEntry]{Items: []ItemEntry{}}, best.list()
	if len(found) > limit {
		found = found[:limit]
		page.Next = found[limit-1].String()
	}
	for _, f := range found {
		page.Items = append(page.Items, s.entry(f.item))
	}
	return page, nil
}

// Item gives one data item with its machine. NotFound where there is none with the
// number.
func (s *Service) Item(_ context.Context, id plant.ItemID) (ItemEntry, error) {
	it, err := s.findItem(id)
	if err != nil {
		return ItemEntry{}, err
	}
	return s.entry(it), nil
}

func (s *Service) entry(it *item) ItemEntry {
	return ItemEntry{Machine: it.machine.Slug, MachineName: it.machine.title(), Agent: it.machine.agent.Name, Item: s.item(it)}
}

// searched gives the machines that a search looks through.
func (s *Service) searched(slug string) ([]*machine, error) {
	if slug != "" {
		m, err := s.findMachine(slug)
		return []*machine{m}, err
	}
	all := s.inventory.Load().machines
	return slices.DeleteFunc(slices.Clone(all), func(m *machine) bool { return !m.onFloor() }), nil
}

// wordList is what a search finds the data items of a machine by, in lower case. It
// stands in one piece, since looking at each data item for itself would take most of
// the time of a search.
type wordList struct {
	text string
	ends []int // of the text of each data item
}

func newWordList(items []plant.DataItem) *wordList {
	l := &wordList{ends: make([]int, len(items))}
	var b strings.Builder
	for i, d := range items {
		b.WriteString(strings.ToLower(strings.Join([]string{d.DataItemID, d.Name, d.Type, d.SubType, d.Path, d.Units, d.NativeUnits}, "\n")))
		l.ends[i] = b.Len()
	}
	l.text = b.String()
	return l
}

// of gives the text of a data item by its place.
func (l *wordList) of(i int) string {
	if i == 0 {
		return l.text[:l.ends[0]]
	}
	return l.text[l.ends[i-1]:l.ends[i]]
}

// wholeWord is the rank of a word that stands as one of its own, and exactRank that
// of a data item whose id or name is the text: above all that words can come to.
const (
	wholeWord = 3
	exactRank = wholeWord*MaxSearchWords + 1
)

// rankAll says how well a text fits the words, of which ranks says how well the
// machine does; ok is false where one of them is nowhere.
func rankAll(words []string, text string, ranks []int) (rank int, ok bool) {
	for i, word := range words {
		r := ranks[i]
		if r < wholeWord {
			r = max(r, rankOf(word, text))
		}
		if r == 0 {
			return 0, false
		}
		rank += r
	}
	return rank, true
}

// isCalled reports whether a text is the id or the name of the item, in any case.
func (it *item) isCalled(text string) bool {
	return text != "" && (strings.EqualFold(it.DataItemID, text) || strings.EqualFold(it.Name, text))
}

// rankOf says how a word stands in a text: wholeWord as one of its own, 2 at the
// beginning of one, 1 within one, 0 not at all.
func rankOf(word, text string) int {
	rank := 0
	for from := 0; rank < wholeWord; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			break
		}
		begin, end := from+i, from+i+len(word)
		switch {
		case begin > 0 && isWord(text[begin-1]):
			rank = max(rank, 1)
		case end < len(text) && isWord(text[end]):
			rank = max(rank, 2)
		default:
			rank = wholeWord
		}
		from = begin + 1
	}
	return rank
}

// isWord reports whether a byte of a text is of a word.
func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= utf8.RuneSelf
}

// match is a data item that was found, with its place in the order of what was.
type match struct {
	rank int
	id   plant.ItemID
	item *item
}

func (m match) compare(n match) int {
	return cmp.Or(cmp.Compare(n.rank, m.rank), cmp.Compare(m.id, n.id))
}

// String gives the match as a cursor.
func (m match) String() string { return fmt.Sprintf("%d.%d", m.rank, m.id) }

func parseMatch(s string) (m match, err error) {
	if _, err := fmt.Sscanf(s, "%d.%d", &m.rank, &m.id); err != nil || m.String() != s {
		return m, errCursor(s)
	}
	return m, nil
}

// matches keeps the first matches behind a cursor, with room for as many again so
// that they are sorted now and then and not with each that comes.
type matches struct {
	most  int
	after match
	found []match
	worst *match // What comes behind it is none of the first; nil while there is room.
}

func newMatches(most int, after match) *matches {
	return &matches{most: most, after: after}
}

func (m *matches) add(n match) {
	if n.compare(m.after) <= 0 || m.worst != nil && n.compare(*m.worst) > 0 {
		return
	}
	m.found = append(m.found, n)
	if len(m.found) == 2*m.most {
		m.found = m.list()
		m.worst = &match{rank: m.found[m.most-1].rank, id: m.found[m.most-1].id}
	}
}

// list gives the first matches in order.
func (m *matches) list() []match {
	slices.SortFunc(m.found, match.compare)
	return m.found[:min(m.most, len(m.found))]
}
