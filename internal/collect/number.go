package collect

import (
	"math"
	"strconv"
)

// number reads one finite decimal number. What Go or C would take beyond it
// (NaN, Inf, hexadecimal, underscores) is none.
func number(text []byte) (float64, bool) {
	if n, ok := shortDecimal(text); ok {
		return n, true
	}
	for _, b := range text {
		if (b < '0' || b > '9') && b != '.' && b != '-' && b != '+' && b != 'e' && b != 'E' {
			return 0, false
		}
	}
	n, err := strconv.ParseFloat(string(text), 64)
	return n, err == nil && !math.IsInf(n, 0)
}

// maxShortDecimal is how many digits, the point counted, a short decimal has at
// most: so many never overflow 63 bits.
const maxShortDecimal = 18

// powersOfTen are exact, as all are up to 10^22.
var powersOfTen = [maxShortDecimal]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17}

// shortDecimal reads a number such as -12.75, as most are. Its digits make a
// whole number that a float64 holds exactly, and so does the power of ten that it
// is divided by, so the quotient is the float64 nearest to the number. It reports
// false for what it does not read, which may be a number all the same.
func shortDecimal(text []byte) (float64, bool) {
	digits := text
	if len(text) > 0 && text[0] == '-' {
		digits = text[1:]
	}
	if len(digits) > maxShortDecimal {
		return 0, false
	}
	whole, point := int64(0), len(digits)
	for i, b := range digits {
		switch d := b - '0'; {
		case d <= 9:
			whole = 10*whole + int64(d)
		case b == '.' && point == len(digits):
			point = i
		default:
			return 0, false
		}
	}
	decimals := max(len(digits)-point-1, 0)
	if whole > 1<<53 || len(digits) == 0 || len(digits) == 1 && point == 0 {
		return 0, false
	}
	n := float64(whole) / powersOfTen[decimals]
	if len(digits) < len(text) {
		n = -n
	}
	return n, true
}
