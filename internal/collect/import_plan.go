package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/mtconnect"
)

// heldBytes is how much of documents that stand before their turn in an archive
// is held at once. Where there is more of them, the archive is read again.
const heldBytes = 32 << 20

// planned is a recorded document in the order in which documents are imported.
type planned struct {
	at       int
	name     string
	bytes    int
	instance uint64
	// first and last are the lowest and the highest of its sequence numbers, next
	// is where its header says that reading goes on.
	first, last, next int64
	// damage is why it cannot be read.
	damage error
	// limit is the first number of the document after it; begins and ends are set
	// for the first and the last of its instance.
	limit        int64
	begins, ends bool
}

// byPlan imports the documents from a place on in the order of their numbers. All
// of them are read once to learn it.
func (d *documentImport) byPlan(ctx context.Context, from int) error {
	list, err := d.survey(ctx, from)
	if err != nil {
		return err
	}
	plan, err := d.order(list)
	if err != nil {
		return err
	}
	if err := d.endNewest(ctx, plan); err != nil {
		return err
	}
	held := make(map[int]document)
	for turn := 0; turn < len(plan); {
		before, wanted := turn, sweep(plan, turn)
		for doc := range d.shelf.documents(ctx, d.in.Documents, func(at int) bool { return wanted[at] }) {
			held[doc.at] = doc
			for turn < len(plan) {
				doc, ok := held[plan[turn].at]
				if !ok {
					break
				}
				delete(held, doc.at)
				err := d.take(ctx, &plan[turn], doc)
				d.shelf.giveBack(doc)
				if err != nil {
					return err
				}
				turn++
				d.result.Files++
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if turn == before {
			return fmt.Errorf("%s: it was there before and cannot be found again", plan[turn].name)
		}
	}
	return nil
}

// endNewest accounts for the damaged documents at the end of the newest run where
// no other document of it is left to be imported.
func (d *documentImport) endNewest(ctx context.Context, plan []planned) error {
	instance := d.newest.InstanceID
	goesOn := func(p planned) bool { return p.instance == instance }
	if len(d.torn[instance]) == 0 || slices.ContainsFunc(plan, goesOn) {
		return nil
	}
	if err := d.enterRun(ctx, instance, 0); err != nil {
		return err
	}
	d.damaged = d.torn[instance]
	return d.end(ctx)
}

// survey looks through the documents from a place on.
func (d *documentImport) survey(ctx context.Context, from int) ([]planned, error) {
	var list []planned
	for doc := range d.shelf.documents(ctx, d.in.Documents, func(at int) bool { return at >= from }) {
		p, err := d.look(doc)
		d.shelf.giveBack(doc)
		switch {
		case isDamage(err) && d.in.PassOverDamaged:
			d.result.PassedOver = append(d.result.PassedOver, err.Error())
		case isDamage(err):
			return nil, fmt.Errorf("%w: which numbers it holds is not known: mend it, leave it out or pass over it; all before it is imported", err)
		case err != nil:
			return nil, err
		case p == nil:
			d.result.Files++
		default:
			list = append(list, *p)
		}
	}
	return list, ctx.Err()
}

// look finds out which numbers a document holds; nil where it holds none. Of a
// damaged one it is enough to know where it ends.
func (d *documentImport) look(doc document) (*planned, error) {
	h, err := d.open(doc)
	if err != nil || h == nil {
		return nil, err
	}
	p := &planned{at: doc.at, name: doc.name, bytes: doc.Len(), instance: h.InstanceID}
	p.next = nextOf(h)
	for {
		o, err := d.next(doc)
		switch {
		case errors.Is(err, io.EOF):
			if p.first == 0 {
				return nil, nil
			}
			return p, nil
		case isDamage(err) && !errors.As(err, new(*mtconnect.LimitError)) && p.next < math.MaxInt64:
			p.damage = err
			return p, nil
		case err != nil:
			return nil, err
		}
		sequence := int64(o.Sequence)
		if sequence == 0 {
			continue
		}
		if p.first == 0 || sequence < p.first {
			p.first = sequence
		}
		p.last = max(p.last, sequence)
	}
}

// order puts documents into the order of their instances as these come, and
// within one into that of their numbers. The damaged ones go to torn.
func (d *documentImport) order(list []planned) (plan []planned, err error) {
	d.torn = make(map[uint64][]planned)
	rank := make(map[uint64]int)
	if d.newest.ID != 0 { // its run can be gone on with only as long as no other begins
		rank[d.newest.InstanceID] = -1
	}
	for n := range list {
		p := &list[n]
		if _, ok := rank[p.instance]; !ok {
			rank[p.instance] = n
		}
		switch {
		case d.ended(p.instance):
			if next := d.runs[p.instance].Next; p.last >= next || p.damage != nil && p.next > next {
				return nil, plant.Errorf(plant.Conflict, "%s: it holds sequence %d of instance %d, which is stored up to %d, and another instance followed it: import the recording as another agent",
					p.name, max(p.last, p.next-1), p.instance, next-1)
			}
			d.result.Files++
		case p.damage != nil:
			d.torn[p.instance] = append(d.torn[p.instance], *p)
		default:
			plan = append(plan, *p)
		}
	}
	for _, of := range d.torn {
		slices.SortStableFunc(of, func(a, b planned) int { return cmp.Compare(a.next, b.next) })
	}
	slices.SortStableFunc(plan, func(a, b planned) int {
		return cmp.Or(cmp.Compare(rank[a.instance], rank[b.instance]), cmp.Compare(a.first, b.first), cmp.Compare(a.last, b.last))
	})
	for i := range plan {
		p := &plan[i]
		p.begins = i == 0 || plan[i-1].instance != p.instance
		p.ends = i == len(plan)-1 || plan[i+1].instance != p.instance
		p.limit = math.MaxInt64
		if !p.ends {
			p.limit = plan[i+1].first
		}
	}
	return plan, d.checkTorn(plan)
}

// checkTorn gives an error for a damaged document of an instance of which
// nothing else is there: where the instance begins is not known.
func (d *documentImport) checkTorn(plan []planned) error {
	for instance, of := range d.torn {
		if _, known := d.runs[instance]; known || slices.ContainsFunc(plan, func(p planned) bool { return p.instance == instance }) {
			continue
		}
		if !d.in.PassOverDamaged {
			return of[0].damage
		}
		for i := range of {
			d.result.PassedOver = append(d.result.PassedOver, of[i].damage.Error())
		}
	}
	return nil
}

// sweep gives the places of the documents that are taken when the recording is
// read once more: those whose turn comes, and those that are held until then.
func sweep(plan []planned, turn int) map[int]bool {
	order := make([]int, 0, len(plan)-turn) // turns by place
	before := make([]int, len(plan)+1)      // bytes of the documents before a turn
	for i := range plan {
		before[i+1] = before[i] + plan[i].bytes
		if i >= turn {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(plan[a].at, plan[b].at) })
	wanted, held := make(map[int]bool), make(map[int]bool)
	for _, i := range order {
		if i != turn && before[i+1]-before[turn] > heldBytes {
			continue
		}
		wanted[plan[i].at], held[i] = true, true
		for held[turn] {
			turn++
		}
	}
	return wanted
}

// take imports the document whose turn it is.
func (d *documentImport) take(ctx context.Context, p *planned, doc document) error {
	h, err := d.open(doc)
	if err != nil {
		return err
	}
	if h == nil || h.InstanceID != p.instance {
		return fmt.Errorf("%s: it is another document than it was before", p.name)
	}
	if p.begins {
		if err := d.enterRun(ctx, p.instance, p.first); err != nil {
			return err
		}
		d.waiting, d.rejected, d.damaged = waiting{}, nil, d.torn[p.instance]
	}
	page, err := d.page(ctx, doc, h, d.run.Next)
	if err != nil {
		return err
	}
	d.late += page.late
	if err := d.waiting.add(&page.page); err != nil {
		return fmt.Errorf("%s: %w", doc.name, err)
	}
	if err := d.reject(page.rejected); err != nil {
		return fmt.Errorf("%s: %w", doc.name, err)
	}
	if err := d.emit(ctx, p.limit); err != nil || !p.ends {
		return err
	}
	return d.end(ctx)
}

// emit stores the observations before a number: nothing before it is still to be
// read.
func (d *documentImport) emit(ctx context.Context, limit int64) error {
	list, whole := d.waiting.before(limit)
	if len(list) == 0 {
		return nil
	}
	if from, to := d.run.Next, list[0].Sequence-1; from <= to && whole {
		if err := d.skip(ctx, from, to); err != nil {
			return err
		}
	}
	if err := d.keep(ctx, list, list[len(list)-1].Sequence+1, d.explain); err != nil {
		return err
	}
	i, _ := d.firstRejected(d.run.Next)
	d.rejected = d.rejected[i:]
	return nil
}

// skip puts numbers from the cursor on into the ledger. Whole documents are
// missing: what was known before them may not be so behind them.
func (d *documentImport) skip(ctx context.Context, from, to int64) error {
	return d.rebase(ctx, survey{}, &store.Batch{
		Run: d.run.ID, Expect: from, Next: to + 1, Received: d.opts.Now(), Gaps: d.explain(from, to),
	})
}

// end accounts for what is known of a run behind its last observation.
func (d *documentImport) end(ctx context.Context) error {
	last := int64(0)
	if n := len(d.rejected); n > 0 {
		last = d.rejected[n-1].sequence
	}
	for i := range d.damaged {
		last = max(last, d.damaged[i].next-1)
	}
	if last < d.run.Next {
		return nil
	}
	return d.skip(ctx, d.run.Next, last)
}

// rejection is an observation that cannot be stored, and why.
type rejection struct {
	sequence int64
	why      string
}

func bySequenceOfRejection(r rejection, sequence int64) int { return cmp.Compare(r.sequence, sequence) }

// reject takes in the observations of a document that cannot be stored. Until the
// cursor has passed them they wait, as the others do.
func (d *documentImport) reject(list map[int64]string) error {
	if len(list) == 0 {
		return nil
	}
	for sequence, why := range list {
		d.rejected = append(d.rejected, rejection{sequence, why})
	}
	slices.SortStableFunc(d.rejected, func(a, b rejection) int { return cmp.Compare(a.sequence, b.sequence) })
	d.rejected = slices.CompactFunc(d.rejected, func(a, b rejection) bool { return a.sequence == b.sequence })
	if n := len(d.rejected); n > maxWaiting {
		return fmt.Errorf("%d observations in a row cannot be stored, the last since %s: at most %d may be passed over", n, d.rejected[n-1].why, maxWaiting)
	}
	return nil
}

// firstRejected gives the place of the first rejected observation from a number on,
// and whether it has that number.
func (d *documentImport) firstRejected(from int64) (at int, found bool) {
	return slices.BinarySearchFunc(d.rejected, from, bySequenceOfRejection)
}

// firstDamaged gives the first damaged document that ends behind a number.
func (d *documentImport) firstDamaged(sequence int64) (*planned, bool) {
	i, _ := slices.BinarySearchFunc(d.damaged, sequence+1, func(p planned, next int64) int { return cmp.Compare(p.next, next) })
	if i == len(d.damaged) {
		return nil, false
	}
	return &d.damaged[i], true
}

// explain says why numbers are not stored.
func (d *documentImport) explain(from, to int64) []plant.Gap {
	var gaps []plant.Gap
	for from <= to {
		end, reason, detail := to, plant.GapUnrecorded, ""
		if p, ok := d.firstDamaged(from); ok && p.next <= to+1 {
			end, reason, detail = p.next-1, plant.GapRejected, p.damage.Error()
		}
		switch i, rejected := d.firstRejected(from); {
		case rejected:
			end, reason, detail = from, plant.GapRejected, d.rejected[i].why
		case i < len(d.rejected):
			end = min(end, d.rejected[i].sequence-1)
		}
		gaps = append(gaps, d.gap(from, end, reason, detail))
		from = end + 1
	}
	return gaps
}
