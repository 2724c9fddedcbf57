package postgres

import (
	"bytes"
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/store/block"
)

const (
	// blockLeast is how many observations of an item a batch has at least where they
	// go into a block at once: so many come together only when an agent is caught up
	// with, or when recordings are imported.
	blockLeast = 256
	// blockColumnBytes is about how many bytes a row of blocks takes but for summary
	// and data.
	blockColumnBytes = 130
)

// totals is what a number of blocks are together, as in the table block_totals.
type totals struct{ blocks, observations, bytes int64 }

func (t totals) plus(other totals) totals {
	return totals{t.blocks + other.blocks, t.observations + other.observations, t.bytes + other.bytes}
}

func (t totals) negative() totals { return totals{-t.blocks, -t.observations, -t.bytes} }

// columns is what blocks take, their columns counted.
func (t totals) columns() int64 { return t.bytes + blockColumnBytes*t.blocks }

func totalsOf(b *block.Block) totals {
	return totals{1, int64(b.Count), int64(len(b.Summary) + len(b.Data))}
}

// queueTotals adds the statement that counts blocks which were added. It is the
// last one of its transaction, since all that write blocks wait for each other
// from there on.
func queueTotals(batch *pgx.Batch, t totals) {
	if t == (totals{}) {
		return
	}
	batch.Queue(`UPDATE block_totals SET blocks = blocks + $1, observations = observations + $2, bytes = bytes + $3`,
		t.blocks, t.observations, t.bytes)
}

// copyBlocks is the statement that takes blocks in COPY's binary form.
const copyBlocks = `COPY blocks (` + blockRowColumns + `) FROM STDIN (FORMAT binary)`

// putBlocks stores blocks, behind a statement before, and gives what they are
// together.
func putBlocks(ctx context.Context, conn *pgx.Conn, before string, blocks []block.Block) (t totals, err error) {
	var c copier
	c.begin()
	for i := range blocks {
		c.block(&blocks[i])
		t = t.plus(totalsOf(&blocks[i]))
	}
	c.end()
	_, err = conn.PgConn().CopyFrom(ctx, bytes.NewReader(c.data), before+copyBlocks)
	return t, err
}
