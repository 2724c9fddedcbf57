// Package block is how stores keep observations that have settled: sealed
// blocks, each with up to MaxObservations consecutive observations of one data
// item of one run, encoded by column and compressed, with a summary beside it.
//
// It has four parts. The codec (Encoder, Decoder) turns observations into a block
// and back. The Builder cuts a stream of observations of many items into blocks
// within bounded memory, the Splitter what is committed at once. The Merger puts
// small blocks together. The reader (ItemObservations, RunObservations,
// ItemSummaries) answers queries from blocks and rows together, in the order that
// the store contract asks for, over the View of a store; so the stores differ only
// in how a View finds its blocks and rows.
//
// Blocks of a run may leave their times to its clocks, since an adapter stamps all
// that it says in one line alike. A clock says what time it was at each sequence
// number of a stretch of the run, and is stored as a block of no item. The Builder
// and the Splitter write clocks (chronicle) where that takes less; the reader fetches
// those that the blocks it opens need (Clocks).
//
// A block is never changed once it is written. It knows its version and carries
// a checksum over all that it says.
package block
