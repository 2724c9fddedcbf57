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
// A block is never changed once it is written. It knows its version and carries
// a checksum over all that it says.
package block
