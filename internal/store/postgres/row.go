package postgres

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/factorydash/factorydash/internal/plant"
)

// rowColumns are the columns of a table of observations, in the order in which
// rows are written and read.
const rowColumns = `time, sequence, number, item, instance, text, set, detail`

// columnCount is how many they are.
const columnCount = 8

// COPY's binary form: the signature with two empty words behind it, for each row
// the count of its columns and each column with its length before it, and −1 in
// the place of a count at the end. All numbers are big-endian.
const (
	copySignature = "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	copyEnd       = "\xff\xff"
	// null is the length of a column that is NULL.
	null = -1
)

// copier writes rows in COPY's binary form.
type copier struct{ data []byte }

func (c *copier) begin()          { c.data = append(c.data[:0], copySignature...) }
func (c *copier) end()            { c.data = append(c.data, copyEnd...) }
func (c *copier) row(columns int) { c.data = binary.BigEndian.AppendUint16(c.data, uint16(columns)) }

func (c *copier) length(n int)     { c.data = binary.BigEndian.AppendUint32(c.data, uint32(int32(n))) }
func (c *copier) null()            { c.length(null) }
func (c *copier) number(n float64) { c.int64(int64(math.Float64bits(n))) }

func (c *copier) optional(o optional) {
	if !o.there {
		c.null()
		return
	}
	c.length(len(o.text))
	c.data = append(c.data, o.text...)
}

func (c *copier) int32(n int32) {
	c.length(4)
	c.data = binary.BigEndian.AppendUint32(c.data, uint32(n))
}

func (c *copier) int64(n int64) {
	c.length(8)
	c.data = binary.BigEndian.AppendUint64(c.data, uint64(n))
}

// observation writes an observation of a run as a row of rowColumns.
func (c *copier) observation(run plant.RunID, o *plant.Observation) error {
	v, err := encodeValues(o)
	if err != nil {
		return err
	}
	c.row(columnCount)
	c.int64(o.Time)
	c.int64(o.Sequence)
	if v.isNumber {
		c.number(v.number)
	} else {
		c.null()
	}
	c.int32(int32(o.Item))
	c.int32(int32(run))
	c.optional(v.text)
	c.optional(v.set)
	c.optional(v.detail)
	return nil
}

// decodeRow gives the observation of a row of rowColumns, each in its binary form,
// nil where it is NULL.
func decodeRow(columns [][]byte) (o plant.Observation, err error) {
	if len(columns) != columnCount {
		return o, fmt.Errorf("a row of observations has %d columns and not %d", len(columns), columnCount)
	}
	for i, n := range [...]int{8, 8, 8, 4, 4} {
		if len(columns[i]) != n && (i != 2 || columns[i] != nil) {
			return o, fmt.Errorf("column %d of a row of observations has %d bytes and not %d", i+1, len(columns[i]), n)
		}
	}
	o.Time = int64(binary.BigEndian.Uint64(columns[0]))
	o.Sequence = int64(binary.BigEndian.Uint64(columns[1]))
	o.Item = plant.ItemID(binary.BigEndian.Uint32(columns[3]))
	o.Run = plant.RunID(binary.BigEndian.Uint32(columns[4]))
	v := values{text: optionalOf(columns[5]), set: optionalOf(columns[6]), detail: optionalOf(columns[7])}
	if columns[2] != nil {
		v.number, v.isNumber = math.Float64frombits(binary.BigEndian.Uint64(columns[2])), true
	}
	return o, v.decodeInto(&o)
}

func optionalOf(column []byte) optional {
	if column == nil {
		return optional{}
	}
	return optional{string(column), true}
}
