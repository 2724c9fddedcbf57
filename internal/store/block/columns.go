package block

import "github.com/factorydash/factorydash/internal/plant"

// Columns is the observations of a block, by column. The zero value is ready for
// Decoder.Decode, which uses its memory again; what At gave before stays as it
// was. It may be read by several goroutines while none decodes into it.
type Columns struct {
	// Times and Sequences are those of the observations, in their order. Readers
	// leave them as they are.
	Times, Sequences []int64

	// numbers has the number of each observation, 0 where it is none.
	numbers []float64
	// forms are the different observations there are but for time, sequence and
	// number; form says which of them each observation has.
	forms []plant.Observation
	form  []uint16
}

// Len is how many observations there are.
func (c *Columns) Len() int { return len(c.Times) }

// At gives the observation at a place from 0 to Len−1, with its Item and Run.
// Observations that say the same share their texts and their Alarm, and all
// texts of a block share one piece of memory.
func (c *Columns) At(i int) plant.Observation {
	o := c.forms[c.form[i]]
	o.Time, o.Sequence = c.Times[i], c.Sequences[i]
	if o.Value.Kind == plant.Number {
		o.Value.Number = c.numbers[i]
	}
	return o
}

// reset makes the columns empty. They keep their memory, but no text.
func (c *Columns) reset() {
	clear(c.forms)
	c.Times, c.Sequences, c.numbers, c.form, c.forms = c.Times[:0], c.Sequences[:0], c.numbers[:0], c.form[:0], c.forms[:0]
}
