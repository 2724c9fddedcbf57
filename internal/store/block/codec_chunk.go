package block

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/klauspost/compress/huff0"
	"github.com/klauspost/compress/zstd"
)

// A chunk is a piece of data whose length its reader knows, compressed where
// that is smaller. There are two kinds. In symbols each byte is coded by itself:
//
//	uvarint  0: as it is; 1: all bytes are the one that follows;
//	         else the length of what follows plus 1
//	         Huffman tree and 4 streams (RFC 8878, 4.2)
//
// In passages the same strings of bytes may come again:
//
//	uvarint  0: as it is; else the length of what follows
//	         a frame of zstd (RFC 8878)
//
// For symbols Huffman codes alone are smaller and faster than a frame of zstd,
// which is made of them and looks for what comes again besides.

// smallChunk is up to how many bytes compressing is not tried.
const smallChunk = 16

// maxKept is how large a buffer may be to be kept for the next block.
const maxKept = 4 << 20

// output is data that is written. It belongs to one goroutine and keeps its
// memory.
type output struct {
	data    []byte
	zstd    *zstd.Encoder
	frame   []byte
	huffman huff0.Scratch
	ints    intBuffers
}

func newOutput() output {
	z, err := zstd.NewWriter(nil,
		zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithAllLitEntropyCompression(true),
		zstd.WithSingleSegment(true),
		zstd.WithEncoderCRC(false), // a block has its own
		zstd.WithEncoderConcurrency(1),
		zstd.WithLowerEncoderMem(true),
	)
	if err != nil {
		panic(fmt.Sprintf("block: the options of zstd, which are constant, are wrong: %v", err))
	}
	return output{zstd: z, huffman: huff0.Scratch{Reuse: huff0.ReusePolicyNone}}
}

func (out *output) byte(b byte)      { out.data = append(out.data, b) }
func (out *output) bytes(b []byte)   { out.data = append(out.data, b...) }
func (out *output) uvarint(n uint64) { out.data = binary.AppendUvarint(out.data, n) }
func (out *output) varint(n int64)   { out.data = binary.AppendVarint(out.data, n) }

// symbols writes a chunk of at most huff0.BlockSizeMax symbols.
func (out *output) symbols(plain []byte) {
	if len(plain) > smallChunk {
		coded, _, err := huff0.Compress4X(plain, &out.huffman)
		if errors.Is(err, huff0.ErrUseRLE) {
			out.uvarint(1)
			out.byte(plain[0])
			return
		}
		if err == nil && len(coded) < len(plain) {
			out.uvarint(uint64(len(coded)) + 1)
			out.bytes(coded)
			return
		}
	}
	out.uvarint(0)
	out.bytes(plain)
}

// passages writes a chunk of passages.
func (out *output) passages(plain []byte) {
	if len(plain) > smallChunk {
		out.frame = out.zstd.EncodeAll(plain, kept(out.frame))
		if len(out.frame) < len(plain) {
			out.uvarint(uint64(len(out.frame)))
			out.bytes(out.frame)
			return
		}
	}
	out.uvarint(0)
	out.bytes(plain)
}

// kept gives a buffer to be used again, emptied.
func kept(buffer []byte) []byte {
	if cap(buffer) > maxKept {
		return nil
	}
	return buffer[:0]
}

// resize gives a slice of n elements, with the memory of s where that is enough.
// What the elements are is not said.
func resize[T any](s []T, n int) []T {
	if n > cap(s) {
		return make([]T, n)
	}
	return s[:n]
}

// input is data that is read from its beginning. It turns bad where what is
// asked for is not there; from then on zero is given. It belongs to one goroutine
// and keeps its memory.
type input struct {
	data    []byte
	bad     bool
	zstd    *zstd.Decoder
	huffman huff0.Scratch
	ints    intBuffers
}

func newInput() input {
	z, err := zstd.NewReader(nil,
		zstd.WithDecodeAllCapLimit(true),
		zstd.WithDecoderMaxMemory(maxFormBytes),
		zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderLowmem(true),
	)
	if err != nil {
		panic(fmt.Sprintf("block: the options of zstd, which are constant, are wrong: %v", err))
	}
	return input{zstd: z}
}

func (in *input) fail() {
	in.bad, in.data = true, nil
}

func (in *input) byte() byte {
	if len(in.data) == 0 {
		in.fail()
		return 0
	}
	b := in.data[0]
	in.data = in.data[1:]
	return b
}

func (in *input) uvarint() uint64 {
	n, size := binary.Uvarint(in.data)
	if size <= 0 {
		in.fail()
		return 0
	}
	in.data = in.data[size:]
	return n
}

func (in *input) varint() int64 {
	n, size := binary.Varint(in.data)
	if size <= 0 {
		in.fail()
		return 0
	}
	in.data = in.data[size:]
	return n
}

// bytes gives the next n bytes, which are a part of the data.
func (in *input) bytes(n uint64) []byte {
	if n > uint64(len(in.data)) {
		in.fail()
		return nil
	}
	b := in.data[:n:n]
	in.data = in.data[n:]
	return b
}

// symbols reads a chunk of as many symbols as plain has.
func (in *input) symbols(plain []byte) {
	switch n := in.uvarint(); n {
	case 0:
		copy(plain, in.bytes(uint64(len(plain))))
	case 1:
		b := in.byte()
		for i := range plain {
			plain[i] = b
		}
	default:
		_, streams, err := huff0.ReadTable(in.bytes(n-1), &in.huffman)
		if err != nil {
			in.fail()
			return
		}
		out, err := in.huffman.Decoder().Decompress4X(plain[:0:len(plain)], streams)
		if err != nil || len(out) != len(plain) {
			in.fail()
		}
	}
}

// passages reads a chunk of as many bytes of passages as plain has.
func (in *input) passages(plain []byte) {
	n := in.uvarint()
	if n == 0 {
		copy(plain, in.bytes(uint64(len(plain))))
		return
	}
	out, err := in.zstd.DecodeAll(in.bytes(n), plain[:0:len(plain)])
	if err != nil || len(out) != len(plain) {
		in.fail()
	}
}
