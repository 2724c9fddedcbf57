package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sort"
	"sync"
	"time"

	"github.com/factorydash/factorydash/mtconnect"
)

// Defaults and limits of a [Ring].
const (
	// DefaultBufferSize is the number of observations that a ring holds where
	// Info.BufferSize is zero.
	DefaultBufferSize = 131_072
	// MaxBufferSize is the most observations a ring may be made for.
	MaxBufferSize = 1 << 28
	// DefaultAssetBufferSize is the number of assets that a ring holds where
	// Info.AssetBufferSize is zero.
	DefaultAssetBufferSize = 1024
	// MaxActivations is the most activations that one condition may have at a
	// time.
	MaxActivations = 1024
	// MaxEntries is the most keys that one data set or table may grow to.
	MaxEntries = 65_536
	// MaxDataItems is the most data items that a ring comes to know, those of
	// earlier device models counted.
	MaxDataItems = 1 << 20
)

// scanCheck is how many observations are scanned between two looks at the
// context.
const scanCheck = 4096

// RingConfig is what a [Ring] starts from.
type RingConfig struct {
	// Info goes into the header of every document. SchemaVersion is required;
	// BufferSize and AssetBufferSize have defaults.
	Info    Info
	Devices []mtconnect.Device
	// Assets are the assets held at the start, the most recently changed first.
	Assets []mtconnect.Asset
	// Now is the clock that dates changes of the device model (default
	// [time.Now]).
	Now func() time.Time
}

// Ring is a [Source] that keeps the newest observations in memory, about 48
// bytes and the text of the value each. The oldest make room for the newest,
// as in the buffer of any agent.
//
// It is safe for concurrent use. Functions handed to Scan and Current run
// under its lock: they must be quick and must not call the ring.
type Ring struct {
	now func() time.Time

	mu      sync.RWMutex
	info    Info
	devices []mtconnect.Device
	assets  []mtconnect.Asset

	items []item
	index map[string]int32 // data item id to position in items

	// slots grows to Info.BufferSize and is a circle from then on, whose oldest
	// entry is at head.
	slots []slot
	head  int
	next  uint64

	// oldest is the state before the first slot, latest the one after the last;
	// both have an entry per item.
	oldest, latest []state

	// changed is nil until somebody asks for it.
	changed chan struct{}
}

// slot is an observation as the ring holds it.
type slot struct {
	sequence uint64
	time     int64
	value    string
	detail   *Detail
	item     int32
}

// item is what a ring must know of a data item.
type item struct {
	id   string
	kind kind
}

// NewRing makes an empty ring. It returns an error that names the field where
// the configuration cannot be served: a schema version that is none, ids that
// are missing or stand twice.
func NewRing(c RingConfig) (*Ring, error) {
	r := &Ring{now: c.Now, info: c.Info, index: make(map[string]int32), next: 1}
	if r.now == nil {
		r.now = time.Now
	}
	if _, err := parseSchema(c.Info.SchemaVersion); err != nil {
		return nil, err
	}
	if r.info.BufferSize == 0 {
		r.info.BufferSize = DefaultBufferSize
	}
	if r.info.BufferSize > MaxBufferSize {
		return nil, fmt.Errorf("agent: BufferSize %d: must be at most %d", r.info.BufferSize, MaxBufferSize)
	}
	if r.info.AssetBufferSize == 0 {
		r.info.AssetBufferSize = DefaultAssetBufferSize
	}
	if r.info.ModelChanged.IsZero() {
		r.info.ModelChanged = r.now()
	}
	if err := r.setDevices(c.Devices); err != nil {
		return nil, err
	}
	for i := len(c.Assets) - 1; i >= 0; i-- {
		if err := r.PutAsset(c.Assets[i]); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Info says what goes into the header of every document.
func (r *Ring) Info() Info {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.info
}

// Devices gives the device models. The caller does not change them.
func (r *Ring) Devices() []mtconnect.Device {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.devices
}

// SetDevices replaces the device models and dates the change. Observations of
// data items that are no longer in them stay in the ring.
func (r *Ring) SetDevices(devices []mtconnect.Device) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.setDevices(devices); err != nil {
		return err
	}
	r.info.ModelChanged = r.now()
	return nil
}

func (r *Ring) setDevices(devices []mtconnect.Device) error {
	if err := checkDevices(devices); err != nil {
		return err
	}
	var found []item
	for i := range devices {
		for c := range components(&devices[i].Component) {
			for j := range c.DataItems {
				found = append(found, item{c.DataItems[j].ID, kindOf(&c.DataItems[j])})
			}
		}
	}
	added := 0
	for _, it := range found {
		if i, ok := r.index[it.id]; !ok {
			added++
		} else if was := r.items[i].kind; was != it.kind {
			return fmt.Errorf("agent: data item %q: was %s and cannot become %s", it.id, was, it.kind)
		}
	}
	if len(r.items)+added > MaxDataItems {
		return fmt.Errorf("agent: more than %d data items", MaxDataItems)
	}
	for _, it := range found {
		if _, ok := r.index[it.id]; !ok {
			r.index[it.id] = int32(len(r.items))
			r.items = append(r.items, it)
		}
	}
	r.oldest = append(r.oldest, make([]state, added)...)
	r.latest = append(r.latest, make([]state, added)...)
	r.devices = devices
	return nil
}

// Add adds one observation and gives the sequence number it got. An
// observation with sequence number zero gets the next one; one that has a
// number keeps it, which must not be below the next (holes are allowed, as in
// a recording with parts left out). Times may go backwards. An observation
// that does not fit its data item, or names one that no device has, is
// refused.
func (r *Ring) Add(o Observation) (uint64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	seq, err := r.add(&o)
	if err != nil {
		return 0, err
	}
	r.wake()
	return seq, nil
}

// AddAll adds observations in order, as [Ring.Add] does, and wakes those who
// wait once. It stops at the first that is refused and says how many were
// added before it.
func (r *Ring) AddAll(observations []Observation) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range observations {
		if _, err := r.add(&observations[i]); err != nil {
			if i > 0 {
				r.wake()
			}
			return i, fmt.Errorf("observation %d of %d: %w", i+1, len(observations), err)
		}
	}
	if len(observations) > 0 {
		r.wake()
	}
	return len(observations), nil
}

func (r *Ring) add(o *Observation) (uint64, error) {
	i, ok := r.index[o.DataItemID]
	if !ok {
		return 0, fmt.Errorf("agent: data item %q: no device has it", o.DataItemID)
	}
	s := slot{sequence: o.Sequence, time: o.Time, value: o.Value, detail: o.Detail, item: i}
	if s.sequence == 0 {
		s.sequence = r.next
	}
	if s.sequence < r.next {
		return 0, fmt.Errorf("agent: data item %q: sequence %d: must be at least %d", o.DataItemID, s.sequence, r.next)
	}
	if s.sequence+1 == 0 {
		return 0, fmt.Errorf("agent: data item %q: sequence %d: leaves no room for another", o.DataItemID, s.sequence)
	}
	it := r.items[i]
	if err := r.latest[i].check(it.kind, &s); err != nil {
		return 0, fmt.Errorf("agent: data item %q: %w", it.id, err)
	}
	if len(r.slots) < int(r.info.BufferSize) {
		r.grow()
		r.slots = append(r.slots, s)
	} else {
		out := &r.slots[r.head]
		r.oldest[out.item].roll(r.items[out.item].kind, out)
		*out = s
		r.head = (r.head + 1) % len(r.slots)
	}
	r.latest[i].roll(it.kind, &s)
	r.next = s.sequence + 1
	return s.sequence, nil
}

// leastSlots is the capacity that a ring begins with.
const leastSlots = 1024

// grow makes room for one slot more: by doubling, and never beyond the buffer,
// so that the old slots and the new ones together stay small.
func (r *Ring) grow() {
	if len(r.slots) == cap(r.slots) {
		room := min(max(leastSlots, 2*cap(r.slots)), int(r.info.BufferSize))
		r.slots = append(make([]slot, 0, room), r.slots...)
	}
}

// at gives the i-th oldest slot.
func (r *Ring) at(i int) *slot {
	i += r.head
	if i >= len(r.slots) {
		i -= len(r.slots)
	}
	return &r.slots[i]
}

// search gives the position of the oldest slot with a sequence number ≥ seq.
func (r *Ring) search(seq uint64) int {
	return sort.Search(len(r.slots), func(i int) bool { return r.at(i).sequence >= seq })
}

func (r *Ring) bounds() (first, next uint64) {
	if len(r.slots) == 0 {
		return r.next, r.next
	}
	return r.at(0).sequence, r.next
}

// Bounds gives the sequence number of the oldest observation held and the one
// that the next observation will get.
func (r *Ring) Bounds() (first, next uint64) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.bounds()
}

// Scan calls yield with the observations from ≤ sequence < to, ascending or,
// where down is true, descending. What it gives is what the ring held at one
// moment.
func (r *Ring) Scan(ctx context.Context, from, to uint64, down bool, yield func(*Observation) bool) error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	lo, hi := r.search(from), r.search(to)
	var o Observation
	for n := range hi - lo {
		if n%scanCheck == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		i := lo + n
		if down {
			i = hi - 1 - n
		}
		o = r.observation(r.at(i))
		if !yield(&o) {
			return nil
		}
	}
	return nil
}

func (r *Ring) observation(s *slot) Observation {
	return Observation{
		Sequence: s.sequence, Time: s.time, DataItemID: r.items[s.item].id,
		Value: s.value, Detail: s.detail,
	}
}

// Current calls yield with the state of every data item after the observation
// with sequence number at, in no set order of data items. The newest state is
// at hand; an older one is made by going through the ring from its oldest
// observation.
func (r *Ring) Current(ctx context.Context, at uint64, yield func(*Observation)) error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	first, next := r.bounds()
	if at < first || at >= next {
		return fmt.Errorf("sequence %d: held are %d to %d: %w", at, first, next-1, mtconnect.CodeOutOfRange)
	}
	states := r.latest
	if at != next-1 {
		states = cloneStates(r.oldest)
		for i := range r.search(at + 1) {
			if i%scanCheck == 0 {
				if err := ctx.Err(); err != nil {
					return err
				}
			}
			s := r.at(i)
			states[s.item].roll(r.items[s.item].kind, s)
		}
	}
	var o Observation
	give := func(s *slot) {
		o = r.observation(s)
		yield(&o)
	}
	for i := range states {
		states[i].yield(r.items[i].kind, give)
	}
	return nil
}

// Changed gives a channel that is closed when the next observation after the
// call is added.
func (r *Ring) Changed() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.changed == nil {
		r.changed = make(chan struct{})
	}
	return r.changed
}

func (r *Ring) wake() {
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
}

// Assets gives the assets, the most recently changed first.
func (r *Ring) Assets() []mtconnect.Asset {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.assets
}

// PutAsset adds an asset, or replaces the one with the same id, and makes it
// the most recently changed. The asset that changed longest ago makes room.
func (r *Ring) PutAsset(a mtconnect.Asset) error {
	if a.ID == "" {
		return errors.New("agent: asset: ID is missing")
	}
	a.Content = bytes.TrimSpace(a.Content)
	if err := checkElement(a.Content); err != nil {
		return fmt.Errorf("agent: asset %q: Content must be the asset's XML element: %w", a.ID, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.putAsset(a)
	return nil
}

// putAsset makes a new slice: the old one may be in the hands of readers.
func (r *Ring) putAsset(a mtconnect.Asset) {
	assets := make([]mtconnect.Asset, 1, len(r.assets)+1)
	assets[0] = a
	for _, old := range r.assets {
		if old.ID != a.ID && uint64(len(assets)) < r.info.AssetBufferSize {
			assets = append(assets, old)
		}
	}
	r.assets = assets
}

// RemoveAsset marks an asset as removed and reports whether there was one. It
// stays in the ring and is served to those who ask for removed assets.
func (r *Ring) RemoveAsset(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.assets {
		if a.ID == id {
			a.Removed = true
			r.putAsset(a)
			return true
		}
	}
	return false
}
