package block

import (
	"encoding/binary"

	"github.com/factorydash/factorydash/internal/plant"
)

// Sign gives a block the checksums of what it says, so that whatever that is
// comes behind them.
func Sign(b *Block) {
	if len(b.Summary) >= 4 {
		binary.LittleEndian.PutUint32(b.Summary, b.checksum(new(metaBytes), b.Summary[4:]))
	}
	if len(b.Data) >= headerSize {
		if b.Data[0] < ownTimes || b.Data[0] > clock {
			b.Data[0] = ownTimes
		}
		binary.LittleEndian.PutUint32(b.Data[1:], b.checksum(new(metaBytes), b.Summary, b.Data[headerSize:]))
	}
}

// EncodeClock makes a clock of a run that has a time for each sequence number from
// first on.
func EncodeClock(run plant.RunID, first int64, times []int64) Block {
	c := chronicle{encoder: NewEncoder(), run: run}
	for i, t := range times {
		c.add(first+int64(i), t, true)
	}
	return c.encoder.clock(run, c.firsts, c.last, c.times)
}

// EncodeTold is Encoder.Encode for observations the times of which clocks may say.
func EncodeTold(observations []plant.Observation, clocks *Clocks) (Block, error) {
	e := NewEncoder()
	e.draft.begin(observations[0].Run, observations[0].Item)
	for i := range observations {
		e.draft.add(&observations[i])
	}
	return e.seal(&e.draft, &told{decoder: NewDecoder(), run: observations[0].Run, clocks: clocks})
}

// EncodeAll encodes observations of a run, which stand in order of sequence: parts
// of them of one item each as blocks, and the clocks that these need.
func EncodeAll(e *Encoder, observations []plant.Observation, parts [][]plant.Observation) (all []Block, err error) {
	var c chronicle
	c.begin(e, observations[0].Run)
	for i := range observations {
		c.add(observations[i].Sequence, observations[i].Time, true)
	}
	c.end()
	for _, part := range parts {
		e.draft.begin(part[0].Run, part[0].Item)
		for i := range part {
			e.draft.add(&part[i])
		}
		b, err := e.seal(&e.draft, &c)
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return append(all, c.take()...), nil
}

// LeavesTimes reports whether clocks say the times of a block.
func LeavesTimes(b Block) bool { return leavesTimes(b.Data) }

// HeldBytes is what a builder holds.
func HeldBytes(b *Builder) int { return b.bytes }
