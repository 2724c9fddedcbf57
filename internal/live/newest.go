package live

import (
	"iter"
	"slices"
)

// newest keeps one value per key in the order of their last change: a log of
// which only the last entry of each key is kept. The zero value is ready.
//
// The entries stand in a ring of links around root: root.next is the one that
// changed last.
type newest[K comparable, V any] struct {
	entries map[K]*entry[K, V]
	root    entry[K, V]
}

// entry is the last change of a key.
type entry[K comparable, V any] struct {
	key        K
	value      V
	mark       Mark
	prev, next *entry[K, V]
}

func (n *newest[K, V]) size() int { return len(n.entries) }

func (n *newest[K, V]) get(key K) (V, bool) {
	if e, ok := n.entries[key]; ok {
		return e.value, true
	}
	var none V
	return none, false
}

// put makes the value the newest one of all, changed at mark.
func (n *newest[K, V]) put(key K, value V, mark Mark) {
	if n.entries == nil {
		n.entries = make(map[K]*entry[K, V])
		n.root.prev, n.root.next = &n.root, &n.root
	}
	e, ok := n.entries[key]
	if ok {
		e.prev.next, e.next.prev = e.next, e.prev
	} else {
		e = &entry[K, V]{key: key}
		n.entries[key] = e
	}
	e.value, e.mark = value, mark
	e.prev, e.next = &n.root, n.root.next
	e.prev.next, e.next.prev = e, e
}

// retain drops what is not wanted of what changed up to a mark.
func (n *newest[K, V]) retain(until Mark, wanted func(K) bool) {
	for e := range n.changed(0, until) {
		if !wanted(e.key) {
			n.drop(e.key)
		}
	}
}

// drop takes a key away and reports whether it was there.
func (n *newest[K, V]) drop(key K) bool {
	e, ok := n.entries[key]
	if ok {
		e.prev.next, e.next.prev = e.next, e.prev
		delete(n.entries, key)
	}
	return ok
}

// between gives the values that changed after a mark and not after another one, and
// that are wanted, the newest last. It looks at those alone that changed after the
// first mark.
func (n *newest[K, V]) between(after, until Mark, wanted func(*V) bool) []V {
	var values []V
	for e := range n.changed(after, until) {
		if wanted(&e.value) {
			values = append(values, e.value)
		}
	}
	slices.Reverse(values)
	return values
}

// keysBetween gives the keys in place of the values.
func (n *newest[K, V]) keysBetween(after, until Mark) []K {
	var keys []K
	for e := range n.changed(after, until) {
		keys = append(keys, e.key)
	}
	slices.Reverse(keys)
	return keys
}

// changed goes over what changed after a mark and not after another one, from the
// newest on.
func (n *newest[K, V]) changed(after, until Mark) iter.Seq[*entry[K, V]] {
	return func(yield func(*entry[K, V]) bool) {
		for e := n.root.next; e != nil && e != &n.root && e.mark > after; e = e.next {
			if e.mark <= until && !yield(e) {
				return
			}
		}
	}
}
