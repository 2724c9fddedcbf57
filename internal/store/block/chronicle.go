package block

import "github.com/factorydash/factorydash/internal/plant"

// teller says for an encoder whether clocks say the times of observations.
type teller interface {
	tells(sequences, times []int64) bool
}

// chronicle writes the clocks of a run from its observations as they come. It
// holds the newest clocks, since blocks come behind their observations.
type chronicle struct {
	encoder *Encoder
	run     plant.RunID
	// last is the newest sequence number; disorder is true where one came twice or
	// late, after which nothing is told.
	last     int64
	disorder bool
	// The open stretch, what is to be a clock, has the sequence numbers up to last:
	// of each time the first that has it, and the time. near of them are of items
	// that say much.
	firsts, times []int64
	near          int
	// used is true where a block leaves times to it.
	used bool
	// written are stretches that have ended and are clocks, in order.
	written []writtenClock
	// due is how many of them are used and not yet taken, and data how many bytes
	// those have that are not.
	due, data int
}

// writtenClock is a clock that was written.
type writtenClock struct {
	Block
	used, taken bool
}

// heldClocks is how many written clocks a block may need, beside the open one.
const heldClocks = clockReach*MaxObservations/ClockSpan + 1

// begin empties the chronicle for a run.
func (c *chronicle) begin(e *Encoder, run plant.RunID) {
	clear(c.written)
	*c = chronicle{encoder: e, run: run, firsts: c.firsts[:0], times: c.times[:0], written: c.written[:0]}
}

// add takes down the time of a sequence number. near says whether the observation
// is of an item that says so much that it may use a clock. It reports whether a
// stretch has ended.
func (c *chronicle) add(sequence, time int64, near bool) (ended bool) {
	if len(c.times) > 0 && (sequence != c.last+1 || sequence-c.firsts[0] == ClockSpan) {
		c.end()
		ended = true
	}
	if sequence <= c.last {
		c.disorder = true
	}
	c.last = sequence
	if n := len(c.times); n == 0 || c.times[n-1] != time {
		c.firsts, c.times = append(c.firsts, sequence), append(c.times, time)
	}
	if near {
		c.near++
	}
	return ended
}

// end ends the open stretch, which becomes a clock where that is worth it.
func (c *chronicle) end() {
	if len(c.times) == 0 {
		return
	}
	if c.used || c.worth() {
		w := writtenClock{Block: c.encoder.clock(c.run, c.firsts, c.last, c.times), used: c.used}
		c.written = append(c.written, w)
		if c.data += len(w.Data); c.used {
			c.due++
		}
	}
	c.firsts, c.times = c.firsts[:0], c.times[:0]
	c.near, c.used = 0, false
}

// worth reports whether a clock of the open stretch takes less than the times of
// those who may use it would: some do not, and each time takes about as much. Of a
// stretch that is short so far it is taken to be as the one before.
func (c *chronicle) worth() bool {
	if first := c.firsts[0]; c.last-first+1 < clockLeast {
		n := len(c.written)
		return n > 0 && c.written[n-1].LastSequence == first-1
	}
	return 4*c.near >= 5*len(c.times)
}

// tells reports whether clocks say the times of all sequence numbers from the first
// to the last of a block, and sees to it that those are kept.
func (c *chronicle) tells(sequences, _ []int64) bool {
	if c.disorder {
		return false
	}
	first, last := sequences[0], sequences[len(sequences)-1]
	n, next := 0, last // from the end on, next is the highest number not found
	open := len(c.times) > 0 && c.firsts[0] <= last && (c.used || c.worth())
	if open {
		next = c.firsts[0] - 1
	}
	for n < len(c.written) && next >= first {
		w := &c.written[len(c.written)-1-n]
		if w.FirstSequence > next {
			n++
			continue
		}
		if w.LastSequence < next {
			return false
		}
		next = w.FirstSequence - 1
		n++
	}
	if next >= first {
		return false
	}
	c.used = c.used || open
	for i := range c.written[len(c.written)-n:] {
		w := &c.written[len(c.written)-n+i]
		if !w.used && w.FirstSequence <= last {
			w.used = true
			c.due++
		}
	}
	return true
}

// take gives the clocks that blocks use and that were not taken yet.
func (c *chronicle) take() (clocks []Block) {
	if c.due == 0 {
		return nil
	}
	c.due = 0
	for i := range c.written {
		w := &c.written[i]
		if !w.used || w.taken {
			continue
		}
		w.taken = true
		clocks = append(clocks, w.Block)
		c.data -= len(w.Data)
		w.Data = nil
	}
	return clocks
}

// forget drops the clocks that no block will use any more, all that are used having
// been taken.
func (c *chronicle) forget() {
	if more := len(c.written) - heldClocks; more > 0 {
		for i := range c.written[:more] {
			c.data -= len(c.written[i].Data)
		}
		n := copy(c.written, c.written[more:])
		clear(c.written[n:])
		c.written = c.written[:n]
	}
}

// What a chronicle takes by itself, about, in bytes.
const chronicleBytes = 256 + heldClocks*writtenBytes

// writtenBytes is what a written clock takes but for its data.
const writtenBytes = 192

// memory is about how many bytes the chronicle takes.
func (c *chronicle) memory() int {
	return chronicleBytes + 8*(cap(c.firsts)+cap(c.times)) + c.data
}
