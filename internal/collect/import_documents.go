package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/recording"
	"github.com/factorydash/factorydash/mtconnect"
)

// DocumentImport is recorded documents of one agent.
type DocumentImport struct {
	// Agent is whose history they become.
	Agent plant.Agent
	// Devices is the agent's MTConnectDevices document. Where it is empty, data
	// items that the store does not have become unmapped ones.
	Devices []byte
	// Documents are the MTConnectStreams documents, in any order. They may be asked
	// for more than once, and must be the same each time.
	Documents iter.Seq2[recording.Document, error]
	// PassOverDamaged passes over documents that cannot be read and do not say
	// which numbers they hold, and over what is left of a file that cannot be
	// unpacked. Otherwise the import ends there.
	PassOverDamaged bool
}

// ImportDocuments stores recorded documents with the instances and the sequence
// numbers that they have. Documents may overlap; numbers between them that none
// has become a gap. Each instance becomes a run, in the order in which the
// instances come. It needs Options.Store and Options.Ledger.
//
// What is committed when it ends, with or without an error, stays, and the same
// import goes on from there. An error names the document. What the ledger has as a
// gap cannot be added any more: that is an error too, after all else is imported.
func ImportDocuments(ctx context.Context, o Options, in DocumentImport) (Imported, error) {
	return importing(ctx, o, in.Agent, func(im *importer) error {
		d := &documentImport{
			importer: im, in: in,
			reader: mtconnect.NewStreamsReader(mtconnect.Limits{Document: largestDocument}),
			heads:  make(map[uint64]mtconnect.Header),
		}
		return d.all(ctx)
	})
}

// documentImport is one import of documents.
type documentImport struct {
	*importer
	in     DocumentImport
	reader *mtconnect.StreamsReader
	shelf  shelf
	// heads are the newest header of each instance by the agent's clock.
	heads map[uint64]mtconnect.Header
	// gaps are those that the ledger had of the run that is read, and late counts
	// the observations that lie in one.
	gaps []plant.Gap
	late int64

	// waiting are observations that are read and not stored yet: what comes before
	// some of them is still to be read.
	waiting waiting
	// rejected are those behind the cursor that cannot be stored, in ascending order
	// of their numbers, each of which is there once.
	rejected []rejection
	// torn are the documents of each instance that cannot be read, in ascending
	// order of the number behind their last; damaged are those of the run that is
	// read.
	torn    map[uint64][]planned
	damaged []planned
}

func (d *documentImport) all(ctx context.Context) error {
	if len(d.in.Devices) > 0 {
		m, err := ParseModel(d.agent.ID, d.in.Devices)
		if err != nil {
			return err
		}
		m.From = d.opts.Now()
		if err := d.saveModel(ctx, m); err != nil {
			return err
		}
	}
	from, err := d.follow(ctx)
	if err == nil && from >= 0 {
		err = d.byPlan(ctx, from)
	}
	if err == nil && d.late > 0 {
		err = plant.Errorf(plant.Conflict, "%d observations of the recording have numbers that the ledger has as a gap, and what has been passed cannot be filled in: import the recording as another agent", d.late)
	}
	return err
}

// follow imports documents as they come, as long as each goes on where the one
// before has ended: that is the rule, and nothing need be read twice for it. It
// gives the place of the first document that does not, -1 where there is none.
func (d *documentImport) follow(ctx context.Context) (from int, err error) {
	everything := func(int) bool { return true }
	for doc := range d.shelf.documents(ctx, d.in.Documents, everything) {
		ok, err := d.goesOn(ctx, doc)
		d.shelf.giveBack(doc)
		switch {
		case err != nil:
			return -1, err
		case !ok:
			return doc.at, nil
		}
		d.result.Files++
	}
	return -1, ctx.Err()
}

// goesOn imports a document that begins where the last one has ended, at the
// latest. It reports false for one that does not, and for one that is damaged.
func (d *documentImport) goesOn(ctx context.Context, doc document) (bool, error) {
	h, err := d.open(doc)
	switch {
	case isDamage(err):
		return false, nil
	case err != nil || h == nil:
		return true, err
	case d.ended(h.InstanceID):
		return nextOf(h) <= d.runs[h.InstanceID].Next, nil
	}
	_, known := d.runs[h.InstanceID]
	from := int64(1)
	switch {
	case known:
		if err := d.enterRun(ctx, h.InstanceID, 0); err != nil {
			return false, err
		}
		from = d.run.Next
		if len(d.gaps) == 0 && nextOf(h) <= from {
			return true, nil
		}
	case d.newest.ID != 0:
		return false, nil // whether the run before has ended is not known yet
	}
	p, err := d.page(ctx, doc, h, from)
	if isDamage(err) {
		// What it held is accounted for where reading has gone on behind it.
		return nextOf(h) <= from, nil
	}
	if err != nil {
		return false, err
	}
	n := len(p.observations)
	if n > 0 && (!p.gapless || p.observations[0].Sequence != from) || len(p.rejected) > 0 {
		return false, nil
	}
	d.late += p.late
	if n == 0 {
		return true, nil
	}
	if err := d.enterRun(ctx, h.InstanceID, from); err != nil {
		return false, err
	}
	return true, d.keep(ctx, p.observations, from+int64(n), nil)
}

// enterRun makes the run of an instance the one that is read.
func (d *documentImport) enterRun(ctx context.Context, instance uint64, first int64) error {
	if d.reading(instance) {
		return nil
	}
	err := d.enter(ctx, instance, first, plant.Gap{
		Reason: plant.GapRestart, Detail: fmt.Sprintf("instanceId %d followed", instance),
	})
	if err != nil {
		return err
	}
	d.gaps = nil
	for g, err := range d.opts.Ledger.Gaps(ctx, d.run.ID, 0) {
		if err != nil {
			return fmt.Errorf("read the ledger: %w", err)
		}
		d.gaps = append(d.gaps, g)
	}
	return nil
}

// isLate reports whether the ledger has a number as a gap.
func (d *documentImport) isLate(sequence int64) bool {
	i, found := slices.BinarySearchFunc(d.gaps, sequence, func(g plant.Gap, sequence int64) int { return cmp.Compare(g.From, sequence) })
	return found || i > 0 && sequence <= d.gaps[i-1].To
}

// recordedPage is a page out of a recorded document.
type recordedPage struct {
	page
	// late is how many observations lie in a gap of the ledger.
	late int64
}

// page reads the observations of a document, which was opened, from a number on.
func (d *documentImport) page(ctx context.Context, doc document, h *mtconnect.Header, from int64) (*recordedPage, error) {
	p := &recordedPage{}
	p.observations = d.committer.pages.take(int(max(0, min(nextOf(h)-from, int64(doc.Len()/leastElement)))))
	for {
		o, err := d.next(doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		sequence := int64(o.Sequence)
		if sequence < from {
			if d.isLate(sequence) {
				p.late++
			}
			continue
		}
		i, why, err := d.itemOf(ctx, o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", doc.name, err)
		}
		if i == nil {
			if p.rejected == nil {
				p.rejected = make(map[int64]string)
			}
			p.rejected[sequence] = why
			continue
		}
		p.observations = append(p.observations, plant.Observation{Item: i.ID})
		d.convert.observation(&p.observations[len(p.observations)-1], o)
	}
	p.gapless = sortBySequence(p.observations)
	return p, nil
}

// nextOf is where reading goes on behind a document; behind all that can be where
// it does not say.
func nextOf(h *mtconnect.Header) int64 {
	if h.NextSequence == 0 {
		return math.MaxInt64
	}
	return int64(min(h.NextSequence, math.MaxInt64))
}

// leastElement is how few bytes an observation takes in a document: with a data
// item, a timestamp and a sequence.
const leastElement = 64

// itemOf finds the data item that an observation is of, or makes it. Where it
// cannot be had, it gives the reason.
func (d *documentImport) itemOf(ctx context.Context, o *mtconnect.Observation) (i *item, why string, err error) {
	if i := d.catalog.item(o); i != nil {
		return i, "", nil
	}
	return d.unmapped(ctx, o)
}
