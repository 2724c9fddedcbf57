package collect_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/collect"
)

// A number is what strconv reads, to the last bit, where it is a finite decimal
// one.
func TestNumber(t *testing.T) {
	check := func(t rapid.TB, text string) {
		want, err := strconv.ParseFloat(text, 64)
		is := err == nil && !math.IsInf(want, 0) && strings.Trim(text, "0123456789.+-eE") == ""
		got, ok := collect.Number([]byte(text))
		if ok != is || ok && math.Float64bits(got) != math.Float64bits(want) {
			t.Errorf("%q: %v, %v; want %v, %v", text, got, ok, want, is)
		}
	}
	for _, text := range []string{
		"", "-", ".", "-.", "+", "0", "-0", "-0.0", "5.", ".5", "-.5", "1.2.3", "--1", "1-", "00012.50",
		"9007199254740992", "9007199254740993", "900719925474099.3", "0.9007199254740993", "99999999999999999",
		"999999999999999999", "9999999999999999.9", "0.00000000000000001", "0.0000000000000000001", "123456789012345678901234567890",
		"1e22", "1e-400", "1e999", "0x10", "1_0", "nan", "inf", " 1", "١",
	} {
		check(t, text)
	}
	rapid.Check(t, func(t *rapid.T) {
		check(t, rapid.StringMatching(`[-+]?[0-9]{0,20}\.?[0-9]{0,20}([eE][-+]?[0-9]{1,3})?`).Draw(t, "text"))
	})
}
