package block_test

import (
	"math"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

// exactly compares observations by all that they say, numbers by their bits.
var exactly = cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) })

// diff tells observations apart; it is empty where they are the same. cmp alone
// takes its time to see that they are.
func diff(want, got []plant.Observation) string {
	same := slices.EqualFunc(want, got, func(a, b plant.Observation) bool {
		alarms := a.Alarm == nil && b.Alarm == nil || a.Alarm != nil && b.Alarm != nil && *a.Alarm == *b.Alarm
		bits := math.Float64bits(a.Value.Number) == math.Float64bits(b.Value.Number)
		a.Alarm, b.Alarm, a.Value.Number, b.Value.Number = nil, nil, 0, 0
		return alarms && bits && a == b
	})
	if same {
		return ""
	}
	return "not the same:\n" + cmp.Diff(want, got, exactly)
}

// lastSequence is the highest sequence number there is.
const lastSequence = math.MaxInt64 - 1

// drawObservations draws 1 to most observations of one item and one run, as
// agents of every kind would send them, and worse.
func drawObservations(t *rapid.T, most int) []plant.Observation {
	n := rapid.OneOf(rapid.IntRange(1, most), rapid.Just(most)).Draw(t, "count")
	item := plant.ItemID(rapid.Int32().Draw(t, "item"))
	run := plant.RunID(rapid.Int32().Draw(t, "run"))
	sequences := drawSequences(t, n)
	nextTime := drawTimes(t)
	nextSays := drawSays(t)
	observations := make([]plant.Observation, n)
	for i := range observations {
		o := nextSays()
		o.Item, o.Run, o.Sequence, o.Time = item, run, sequences[i], nextTime()
		observations[i] = o
	}
	return observations
}

// drawSequences draws n ascending sequence numbers.
func drawSequences(t *rapid.T, n int) []int64 {
	most := rapid.SampledFrom([]int64{1, 2, 30, 1 << 40, (lastSequence - 1) / int64(n)}).Draw(t, "longest step")
	step := rapid.Int64Range(1, most)
	sequences := make([]int64, n)
	next := int64(0)
	for i := range sequences {
		next += step.Draw(t, "step")
		sequences[i] = next
	}
	if rapid.Bool().Draw(t, "at the end") {
		up := lastSequence - next
		for i := range sequences {
			sequences[i] += up
		}
	}
	return sequences
}

// drawTimes draws what gives times one after the other.
func drawTimes(t *rapid.T) func() int64 {
	const year1, year9999 = -62_135_596_800_000_000, 253_402_300_799_999_999
	time := rapid.Int64Range(year1, year9999).Draw(t, "first time")
	period := rapid.Int64Range(0, 10_000_000).Draw(t, "period")
	switch rapid.IntRange(0, 4).Draw(t, "times") {
	case 0: // to the microsecond
		return func() int64 { time += period; return time }
	case 1: // nearly so
		noise := rapid.Int64Range(0, 20_000)
		return func() int64 { time += period + noise.Draw(t, "noise"); return time }
	case 2: // now and then backwards, by days
		noise := rapid.Int64Range(-100_000_000_000, 100_000_000_000)
		return func() int64 { time += period + noise.Draw(t, "noise")/4; return time }
	case 3:
		odd := rapid.SampledFrom([]int64{year1, year9999, 0, time, math.MinInt64, math.MaxInt64})
		return func() int64 { return odd.Draw(t, "time") }
	default:
		odd := rapid.Int64()
		return func() int64 { return odd.Draw(t, "time") }
	}
}

// drawSays draws what gives what observations say: much of one kind, or of all.
func drawSays(t *rapid.T) func() plant.Observation {
	number, text, alarm := drawNumbers(t), drawTexts(t), drawAlarms(t)
	says := [...]func() plant.Observation{
		func() plant.Observation {
			return plant.Observation{Value: plant.Value{Kind: plant.Number, Number: number()}}
		},
		func() plant.Observation { return plant.Observation{} },
		func() plant.Observation {
			return plant.Observation{Value: plant.Value{Kind: plant.Text, Text: text.Draw(t, "text")}}
		},
		func() plant.Observation {
			return plant.Observation{Value: plant.Value{Kind: plant.Set, Text: text.Draw(t, "set")}}
		},
		func() plant.Observation { return plant.Observation{Alarm: alarm.Draw(t, "alarm")} },
		func() plant.Observation {
			return plant.Observation{
				Value: plant.Value{Kind: plant.Number, Number: number()},
				Alarm: alarm.Draw(t, "alarm"), Extra: text.Draw(t, "extra"),
			}
		},
	}
	kinds := rapid.SliceOfN(rapid.IntRange(0, len(says)-1), 1, 3).Draw(t, "kinds")
	kind := rapid.SampledFrom(kinds)
	extra := rapid.Just("")
	if rapid.IntRange(0, 3).Draw(t, "extras") == 0 {
		extra = text
	}
	return func() plant.Observation {
		o := says[kind.Draw(t, "kind")]()
		if o.Extra == "" {
			o.Extra = extra.Draw(t, "extra")
		}
		return o
	}
}

// drawNumbers draws what gives numbers.
func drawNumbers(t *rapid.T) func() float64 {
	if rapid.Bool().Draw(t, "any float") {
		odd := rapid.OneOf(
			rapid.Uint64(),
			rapid.SampledFrom([]uint64{
				0, 1 << 63, math.Float64bits(1), math.Float64bits(math.MaxFloat64), 1, 1<<63 | 1,
				math.Float64bits(1 << 53), math.Float64bits(1<<53 - 1), math.Float64bits(1 << 63), math.Float64bits(0.1 + 0.2),
			}),
		)
		return func() float64 {
			n := math.Float64frombits(odd.Draw(t, "bits"))
			if math.IsNaN(n) || math.IsInf(n, 0) {
				return 0
			}
			return n
		}
	}
	digits := math.Pow10(rapid.IntRange(0, 15).Draw(t, "digits"))
	most := rapid.SampledFrom([]int64{1, 100, 1 << 30, 1 << 53}).Draw(t, "largest")
	integer := rapid.Int64Range(-most, most)
	if rapid.Bool().Draw(t, "few numbers") {
		integer = rapid.SampledFrom(rapid.SliceOfN(integer, 1, 20).Draw(t, "numbers"))
	}
	odd := rapid.IntRange(0, 100)
	oddest := rapid.IntRange(-1, 30).Draw(t, "odd numbers")
	return func() float64 {
		if odd.Draw(t, "odd") <= oddest {
			return math.Copysign(0, -1)
		}
		return float64(integer.Draw(t, "integer")) / digits
	}
}

// drawTexts draws texts of any bytes: few or many that differ, short or long.
func drawTexts(t *rapid.T) *rapid.Generator[string] {
	text := rapid.OneOf(
		rapid.String(),
		rapid.SampledFrom([]string{"", "\x00", "ACTIVE", "UNAVAILABLE", "\xff\xfe", "a\x00b", strings.Repeat("x", 5000)}),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
	)
	if rapid.Bool().Draw(t, "few texts") {
		return rapid.SampledFrom(rapid.SliceOfN(text, 1, 12).Draw(t, "texts"))
	}
	return text
}

func drawAlarms(t *rapid.T) *rapid.Generator[*plant.Alarm] {
	texts := drawTexts(t)
	alarm := rapid.Custom(func(t *rapid.T) *plant.Alarm {
		return &plant.Alarm{
			Level:      plant.Level(rapid.Byte().Draw(t, "level")),
			NativeCode: texts.Draw(t, "code"), NativeSeverity: texts.Draw(t, "severity"),
			Qualifier: texts.Draw(t, "qualifier"), ConditionID: texts.Draw(t, "id"), Text: texts.Draw(t, "text"),
		}
	})
	if rapid.Bool().Draw(t, "few alarms") {
		return rapid.SampledFrom(rapid.SliceOfN(alarm, 1, 4).Draw(t, "alarms"))
	}
	return alarm
}

// encode puts observations into a block.
func encode(t rapid.TB, observations []plant.Observation) block.Block {
	t.Helper()
	b, err := block.NewEncoder().Encode(observations)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// decode gives the observations of a block, of which some clocks may say the times.
func decode(t rapid.TB, b block.Block, clocks ...block.Block) []plant.Observation {
	t.Helper()
	var (
		c    block.Columns
		told block.Clocks
	)
	told.Set(clocks)
	if err := block.NewDecoder().Decode(b, &told, &c); err != nil {
		t.Fatal(err)
	}
	return observationsOf(&c)
}

func observationsOf(c *block.Columns) []plant.Observation {
	all := make([]plant.Observation, c.Len())
	for i := range all {
		all[i] = c.At(i)
	}
	return all
}
