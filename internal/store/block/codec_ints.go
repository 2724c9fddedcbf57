package block

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// A column of integers is
//
//	1 byte   how: its order, or whole
//	varint   bias
//
// and, where it has an order, what is left of each integer (its rest) when the
// one is taken from it that those before let expect:
//
//	order 0  base plus bias
//	order 1  the integer before plus bias, and base for the first
//	order 2  the integer before plus its difference to the one before that, which
//	         is bias for the first, and base for the first
//
// The base comes from elsewhere. Everything wraps around, so that no integer is
// too large. Rests are near 0 on both sides; they are folded into 0, −1, 1, −2, …
// and stand there in two parts: a chunk of symbols with a byte for each integer
// (its token), which tells the highest three bits of the rest and how many bits
// follow, and the bits that follow, packed. Nearly all that can be compressed is
// in the tokens: that is much smaller than varints in a frame of zstd, and
// faster.
//
// A whole column has each integer, less base and bias, in the same number of
// bytes, which is smaller where the same integers come again and again:
//
//	1 byte   how many bytes, 0 to 8
//	chunk    of passages: the integers, low byte first
const (
	order0 = iota
	order1
	order2
	whole
)

// splitToken gives the token of a rest and how many bits follow it. Rests up to 3
// are their own token; the highest token is 251.
func splitToken(rest uint64) (token byte, follow uint) {
	if rest < 4 {
		return byte(rest), 0
	}
	n := uint(bits.Len64(rest))
	follow = n - 3
	return byte((n-2)<<2) | byte(rest>>(follow&63))&3, follow
}

// token is what a token stands for: the rest whose following bits are 0, how many
// bits follow, and the mask of them.
type token struct{ rest, follow, mask uint64 }

// tokens are all there are. Those above 251 stand for nothing that is written.
var tokens = func() (all [256]token) {
	for i := range uint64(256) {
		t := token{rest: i}
		if i >= 4 {
			t.follow = i>>2 - 1
			t.rest, t.mask = (4|i&3)<<t.follow, 1<<t.follow-1
		}
		all[i] = t
	}
	return all
}()

// maxFollow is how many bits can be taken from 8 bytes, wherever in the first of
// them they begin.
const maxFollow = 56

// fold puts the integers on both sides of 0 into one order: 0, −1, 1, −2 and so on.
func fold(n int64) uint64 { return uint64(n)<<1 ^ uint64(n>>63) }

// unfold is the reverse of fold.
func unfold(n uint64) int64 { return int64(n>>1) ^ -int64(n&1) }

// sampled is how many integers are looked at to find what is best for all.
const sampled = 32

// plan finds the order that leaves about the least, and its bias: a median.
func plan(values []int64, base int64) (order byte, bias int64) {
	var samples [3][sampled]int64
	n := 0
	for i := 2; i < len(values) && n < sampled; i += max(1, len(values)/sampled) {
		step, before := values[i]-values[i-1], values[i-1]-values[i-2]
		samples[order0][n], samples[order1][n], samples[order2][n] = values[i]-base, step, step-before
		n++
	}
	if n == 0 {
		return order0, 0
	}
	level, step := median(samples[order0][:n]), median(samples[order1][:n])
	var lengths [3]int
	for i := range n {
		lengths[order0] += bits.Len64(fold(samples[order0][i] - level))
		lengths[order1] += bits.Len64(fold(samples[order1][i] - step))
		lengths[order2] += bits.Len64(fold(samples[order2][i]))
	}
	switch slices.Min(lengths[:]) {
	case lengths[order0]:
		return order0, level
	case lengths[order1]:
		return order1, step
	default:
		return order2, step
	}
}

// median sorts values and gives the one in the middle.
func median(values []int64) int64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// intBuffers is memory that is used again for columns of integers.
type intBuffers struct {
	rests  []uint64
	tokens []byte
	bits   []byte
	whole  []byte
}

// integers writes a column of at least one integer. Where again is true, it looks
// whether the same integers come again and again.
func (out *output) integers(values []int64, base int64, again bool) {
	start := len(out.data)
	out.ordered(values, base)
	end := len(out.data)
	// Where an integer takes less than a byte there is little to be won.
	if !again || end-start < len(values) {
		return
	}
	out.whole(values, base)
	if len(out.data)-end < end-start {
		start += copy(out.data[start:], out.data[end:])
		end = start
	}
	out.data = out.data[:end]
}

// ordered writes a column in the order that leaves about the least.
func (out *output) ordered(values []int64, base int64) {
	order, bias := plan(values, base)
	out.byte(order)
	out.varint(bias)
	out.ints.takeRests(values, base, bias, order)
	out.ints.split()
	out.symbols(out.ints.tokens)
	out.bytes(out.ints.bits)
}

// takeRests finds the rests of integers.
func (b *intBuffers) takeRests(values []int64, base, bias int64, order byte) {
	b.rests = resize(b.rests, len(values))
	switch rests := b.rests; order {
	case order0:
		for i, v := range values {
			rests[i] = fold(v - base - bias)
		}
	case order1:
		expected := base
		for i, v := range values {
			rests[i] = fold(v - expected)
			expected = v + bias
		}
	default:
		before, expected := base-bias, base
		for i, v := range values {
			rests[i] = fold(v - expected)
			before, expected = v, v+(v-before)
		}
	}
}

// split puts the rests into tokens and the bits that follow them.
func (b *intBuffers) split() {
	n := len(b.rests)
	b.tokens, b.bits = resize(b.tokens, n), resize(b.bits, 8*n+8)
	var (
		pending uint64 // bits that are not written yet
		count   uint   // how many they are: less than 8 between rests
		at      int    // how many bytes are written
	)
	tokens, packed := b.tokens, b.bits
	for i, rest := range b.rests {
		t, follow := splitToken(rest)
		tokens[i] = t
		rest &= 1<<(follow&63) - 1
		if follow > maxFollow {
			pending |= rest & (1<<32 - 1) << count
			binary.LittleEndian.PutUint64(packed[at:], pending)
			at += 4
			pending >>= 32
			rest, follow = rest>>32, follow-32
		}
		pending |= rest << (count & 63)
		binary.LittleEndian.PutUint64(packed[at:], pending)
		count += follow
		at += int(count >> 3)
		pending >>= count & 0x38
		count &= 7
	}
	if count > 0 {
		at++
	}
	b.bits = packed[:at]
}

// whole writes a whole column.
func (out *output) whole(values []int64, base int64) {
	bias := slices.Min(values) - base
	all := uint64(0)
	for _, v := range values {
		all |= uint64(v - base - bias)
	}
	size := (bits.Len64(all) + 7) / 8
	out.byte(whole)
	out.varint(bias)
	out.byte(byte(size))
	n, at := size*len(values), 0
	plain := resize(out.ints.whole, n+8)
	for _, v := range values {
		binary.LittleEndian.PutUint64(plain[at:], uint64(v-base-bias))
		at += size
	}
	out.passages(plain[:n])
	out.ints.whole = plain
}

// integers reads a column of as many integers as values has.
func (in *input) integers(values []int64, base int64) {
	switch how, bias := in.byte(), in.varint(); how {
	case order0, order1, order2:
		in.ordered(values, base, bias, how)
	case whole:
		in.whole(values, base+bias)
	default:
		in.fail()
	}
}

// ordered reads a column that has an order.
func (in *input) ordered(values []int64, base, bias int64, order byte) {
	in.rests(values)
	switch order {
	case order0:
		for i := range values {
			values[i] += base + bias
		}
	case order1:
		before := base - bias
		for i := range values {
			before += values[i] + bias
			values[i] = before
		}
	default:
		before, difference := base-bias, bias
		for i := range values {
			difference += values[i]
			before += difference
			values[i] = before
		}
	}
}

// rests reads the rests of integers, unfolded.
func (in *input) rests(values []int64) {
	n := len(values)
	split := resize(in.ints.tokens, n)
	in.symbols(split)
	// Where the bits end is known when they are read. No rest has more than 64,
	// and whole words are read: what stands behind the end does not matter.
	packed := resize(in.ints.bits, 8*n+16)
	copy(packed, in.data)
	at := uint64(0)
	for i := 0; i+1 < n; i += 2 { // two at a time, since two mostly fit into a word
		t, u := &tokens[split[i]], &tokens[split[i+1]]
		if both := t.follow + u.follow; both <= maxFollow {
			word := binary.LittleEndian.Uint64(packed[at>>3:]) >> (at & 7)
			values[i] = unfold(t.rest | word&t.mask)
			values[i+1] = unfold(u.rest | word>>(t.follow&63)&u.mask)
			at += both
			continue
		}
		values[i] = t.join(packed, at)
		values[i+1] = u.join(packed, at+t.follow)
		at += t.follow + u.follow
	}
	if n%2 == 1 {
		t := &tokens[split[n-1]]
		values[n-1] = t.join(packed, at)
		at += t.follow
	}
	in.bytes((at + 7) / 8)
	in.ints.tokens, in.ints.bits = split, packed
}

// join gives the rest, unfolded, whose other bits begin at the bit at.
func (t *token) join(packed []byte, at uint64) int64 {
	word := binary.LittleEndian.Uint64(packed[at>>3:]) >> (at & 7)
	if t.follow > maxFollow {
		word |= uint64(packed[at>>3+8]) << (64 - at&7) // nothing where at&7 is 0
	}
	return unfold(t.rest | word&t.mask)
}

// whole reads a whole column.
func (in *input) whole(values []int64, base int64) {
	size := int(in.byte())
	if size > 8 {
		in.fail()
		return
	}
	n, at := size*len(values), 0
	plain := resize(in.ints.whole, n+8)
	in.passages(plain[:n])
	mask := uint64(1)<<(8*size) - 1 // all bits where size is 8
	for i := range values {
		values[i] = base + int64(binary.LittleEndian.Uint64(plain[at:])&mask)
		at += size
	}
	in.ints.whole = plain
}
