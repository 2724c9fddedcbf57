package block

import (
	"context"
	"iter"

	"github.com/factorydash/factorydash/internal/plant"
)

// Limits are the limits of a read.
type Limits struct {
	FirstPage, MaxPage, MaxWindow, MaxText, MaxDecoded, MaxData, FirstListed, MaxListed, FirstRows int
}

func (l Limits) limits() limits {
	return limits{l.FirstPage, l.MaxPage, l.MaxWindow, l.MaxText, l.MaxDecoded, l.MaxData, l.FirstListed, l.MaxListed, l.FirstRows}
}

// StandardLimits are those of every read but of tests.
func StandardLimits() Limits {
	l := standard()
	return Limits{l.firstPage, l.maxPage, l.maxWindow, l.maxText, l.maxDecoded, l.maxData, l.firstListed, l.maxListed, l.firstRows}
}

// Held reads observations of items to the end, and calls look with what is held of
// decoded blocks each time that the data of blocks is to be read.
func (l Limits) Held(ctx context.Context, src Source, items []plant.ItemID, from, to int64, look func(bytes int)) (count int, err error) {
	r := newItemReader(probe{src, func() {}}, items, from, to, false, l.limits())
	r.source = probe{src, func() { look(r.shelf.bytes) }}
	for r.next(ctx) {
		look(r.shelf.bytes)
		count += len(r.page.observations)
	}
	return count, r.err
}

// probe is a source that tells when data is read.
type probe struct {
	Source
	data func()
}

func (p probe) View(ctx context.Context, f func(View) error) error {
	return p.Source.View(ctx, func(v View) error { return f(probedView{v, p.data}) })
}

type probedView struct {
	View
	data func()
}

func (v probedView) Data(ctx context.Context, blocks []Meta) ([][]byte, error) {
	v.data()
	return v.View.Data(ctx, blocks)
}

// ItemObservations is ItemObservations within other limits.
func (l Limits) ItemObservations(ctx context.Context, src Source, items []plant.ItemID, from, to int64, before bool) iter.Seq2[plant.Observation, error] {
	return itemObservations(ctx, src, items, from, to, before, l.limits())
}

// ItemSummaries is ItemSummaries within other limits.
func (l Limits) ItemSummaries(ctx context.Context, src Source, item plant.ItemID, from, to int64, columns, room int) iter.Seq2[plant.Summary, error] {
	return itemSummaries(ctx, src, item, from, to, columns, room, l.limits())
}

// RunObservations is RunObservations within other limits.
func (l Limits) RunObservations(ctx context.Context, src Source, run plant.RunID, sequence int64) iter.Seq2[plant.Observation, error] {
	return runObservations(ctx, src, run, sequence, l.limits())
}
