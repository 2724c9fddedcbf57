package block

import (
	"encoding/binary"
	"math"
)

// A column of numbers is of decimals or of floats. Decimals are the numbers
// times a power of ten, where that makes nearly all of them whole:
//
//	1 byte   digits behind the point, 0 to maxDigits
//	column   the numbers as integers from 0; exceptions as the one before them
//	uvarint  how many numbers are exceptions
//	         of each: uvarint places from the one before it, 8 bytes of it
//
// Floats are the bits of each number where they differ from those of the one
// before it:
//
//	1 byte   floats
//	8 chunks of symbols: the lowest byte of each number, and so on
//
// Every finite number comes back with its bits, −0 too, which is an exception
// among decimals.
const floats = 0xff

// maxDigits is how many digits behind the point decimals have at most.
const maxDigits = 15

// maxDecimal is below what a decimal must be as an integer: all integers up to
// it are floats, so that dividing one by a power of ten gives the float that is
// nearest to the decimal, as reading it from text does.
const maxDecimal = 1 << 53

// exceptionShare is how many numbers there must be for each exception.
const exceptionShare = 8

// exceptionBits is about what an exception takes.
const exceptionBits = 8 * (8 + 2)

var powersOfTen = [maxDigits + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// decimal gives a number times 10^digits, and whether dividing that gives the
// number again.
func decimal(number float64, digits int) (n int64, ok bool) {
	scaled := math.RoundToEven(number * powersOfTen[digits])
	if !(math.Abs(scaled) < maxDecimal) {
		return 0, false
	}
	// The sum makes −0 to 0.
	return int64(scaled), math.Float64bits((scaled+0)/powersOfTen[digits]) == math.Float64bits(number)
}

// noDecimal stands for the digits of a number that is no decimal.
const noDecimal = maxDigits + 1

// shortest gives a number as a decimal with as few digits as can be, looking
// first at as many as guess.
func shortest(number float64, guess int) (n int64, digits int) {
	digits = guess
	n, ok := decimal(number, digits)
	for !ok && digits < maxDigits {
		digits++
		n, ok = decimal(number, digits)
	}
	for less := guess; !ok && less > 0; {
		less--
		digits = less
		n, ok = decimal(number, digits)
	}
	if !ok {
		return 0, noDecimal
	}
	for digits > 0 && n%10 == 0 {
		n, digits = n/10, digits-1
	}
	return n, digits
}

// numberWriter writes columns of numbers. It keeps its memory.
type numberWriter struct {
	// integers are the numbers as decimals, first each with its own digits, then
	// all with the same.
	integers   []int64
	digits     []uint8
	exceptions []byte
	plane      []byte
}

// write writes a column of at least one number.
func (w *numberWriter) write(out *output, numbers []float64) {
	digits, ok := w.decimals(numbers)
	if !ok {
		w.writeFloats(out, numbers)
		return
	}
	exceptions := w.scale(numbers, digits)
	out.byte(byte(digits))
	out.integers(w.integers, 0, true)
	out.uvarint(uint64(exceptions))
	out.bytes(w.exceptions)
}

// decimals finds the numbers as decimals, and how many digits to give all of
// them so that they and the exceptions take the least. It is false where too
// many are none.
func (w *numberWriter) decimals(numbers []float64) (digits int, ok bool) {
	w.integers, w.digits = w.integers[:0], w.digits[:0]
	var counts [noDecimal + 1]int
	most := len(numbers) / exceptionShare
	for _, number := range numbers {
		n, d := shortest(number, digits)
		if counts[d]++; counts[noDecimal] > most {
			return 0, false
		}
		if d != noDecimal {
			digits = d
		}
		w.integers, w.digits = append(w.integers, n), append(w.digits, uint8(d))
	}
	least, exceptions := math.MaxInt, len(numbers)
	for d := range noDecimal {
		exceptions -= counts[d]
		// A digit takes 10/3 bits of each number.
		if cost := len(numbers)*d*10/3 + exceptions*exceptionBits; exceptions <= most && cost < least {
			least, digits = cost, d
		}
	}
	return digits, true
}

// scale gives all decimals the same digits, and says which numbers are
// exceptions and how many.
func (w *numberWriter) scale(numbers []float64, digits int) (exceptions int) {
	w.exceptions = w.exceptions[:0]
	before, last := int64(0), 0
	for i, n := range w.integers {
		more := digits - int(w.digits[i])
		if more > 0 {
			// Both are exact as floats, and so is what is less than maxDecimal.
			scaled := float64(n) * powersOfTen[more]
			if math.Abs(scaled) < maxDecimal {
				n = int64(scaled)
			} else {
				more = -1
			}
		}
		if more < 0 {
			w.exceptions = binary.AppendUvarint(w.exceptions, uint64(i-last))
			w.exceptions = binary.LittleEndian.AppendUint64(w.exceptions, math.Float64bits(numbers[i]))
			exceptions, last = exceptions+1, i
			n = before
		}
		w.integers[i], before = n, n
	}
	return exceptions
}

func (w *numberWriter) writeFloats(out *output, numbers []float64) {
	out.byte(floats)
	n := len(numbers)
	w.plane = resize(w.plane, n)
	for shift := 0; shift < 64; shift += 8 {
		before := uint64(0)
		for i, number := range numbers {
			b := math.Float64bits(number)
			w.plane[i] = byte((b ^ before) >> shift)
			before = b
		}
		out.symbols(w.plane)
	}
}

// numberReader reads columns of numbers. It keeps its memory.
type numberReader struct {
	integers []int64
	bits     []uint64
	plane    []byte
}

// read reads a column of as many numbers as numbers has.
func (r *numberReader) read(in *input, numbers []float64) {
	switch digits := in.byte(); {
	case digits == floats:
		r.readFloats(in, numbers)
	case digits <= maxDigits:
		r.readDecimals(in, numbers, digits)
	default:
		in.fail()
	}
}

func (r *numberReader) readDecimals(in *input, numbers []float64, digits byte) {
	r.integers = resize(r.integers, len(numbers))
	in.integers(r.integers, 0)
	if divisor := powersOfTen[digits]; divisor == 1 {
		for i, n := range r.integers {
			numbers[i] = float64(n)
		}
	} else {
		for i, n := range r.integers {
			numbers[i] = float64(n) / divisor
		}
	}
	at := uint64(0)
	for range min(in.uvarint(), uint64(len(numbers))) {
		at += in.uvarint()
		bits := in.bytes(8)
		if in.bad || at >= uint64(len(numbers)) {
			in.fail()
			return
		}
		numbers[at] = math.Float64frombits(binary.LittleEndian.Uint64(bits))
	}
}

func (r *numberReader) readFloats(in *input, numbers []float64) {
	r.bits = resize(r.bits, len(numbers))
	clear(r.bits)
	r.plane = resize(r.plane, len(numbers))
	for shift := 0; shift < 64; shift += 8 {
		in.symbols(r.plane)
		for i, b := range r.plane {
			r.bits[i] |= uint64(b) << shift
		}
	}
	before := uint64(0)
	for i, b := range r.bits {
		before ^= b
		numbers[i] = math.Float64frombits(before)
	}
}
