package agent_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// texts are values as XML can hold them and readers leave them: trimmed.
var texts = rapid.Custom(func(t *rapid.T) string {
	s := rapid.StringOf(rapid.OneOf(
		rapid.RuneFrom([]rune("ab 1&<>\"'|\u00e9\u4e16\U0001F527]]>\t\n\r")),
		rapid.RuneFrom(nil, unicode.L, unicode.N, unicode.P),
	)).Draw(t, "text")
	return strings.TrimSpace(strings.ToValidUTF8(s, ""))
})

// observations are such as a ring over the mill takes.
var observations = rapid.Custom(func(t *rapid.T) agent.Observation {
	o := agent.Observation{
		// The years 1 to 9999, which a timestamp can name.
		Time:       rapid.Int64Range(-62135596800_000000, 253402300799_999999).Draw(t, "time"),
		DataItemID: rapid.SampledFrom([]string{"avail", "xpos", "xwave", "exec", "msg", "motion", "system", "vars", "offsets"}).Draw(t, "id"),
	}
	var d agent.Detail
	switch o.DataItemID {
	case "system":
		d.Level = rapid.SampledFrom([]mtconnect.Level{mtconnect.Unavailable, mtconnect.Normal, mtconnect.Warning, mtconnect.Fault}).Draw(t, "level")
		d.NativeCode, d.ConditionID = texts.Draw(t, "code"), texts.Draw(t, "condition")
		d.NativeSeverity, d.Qualifier = texts.Draw(t, "severity"), texts.Draw(t, "qualifier")
		o.Value = texts.Draw(t, "value")
	case "vars", "offsets":
		d.Entries = drawEntries(t, o.DataItemID == "offsets")
		d.ResetTriggered = texts.Draw(t, "reset")
	default:
		o.Value = texts.Draw(t, "value")
		if o.DataItemID == "xwave" {
			d.Attributes = []agent.Attribute{{Name: "sampleCount", Value: "3"}, {Name: "quality", Value: texts.Draw(t, "quality")}}
		}
	}
	if !cmp.Equal(d, agent.Detail{}) {
		o.Detail = &d
	}
	return o
})

func drawEntries(t *rapid.T, table bool) []agent.Entry {
	keys := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,4}`), 0, 4, rapid.ID).Draw(t, "keys")
	var entries []agent.Entry
	for i, k := range keys {
		e := agent.Entry{Key: k, Removed: rapid.Bool().Draw(t, "removed")}
		switch {
		case e.Removed:
		case table:
			e.Cells = []agent.Cell{{Key: fmt.Sprint("c", i), Value: texts.Draw(t, "cell")}}
		default:
			e.Value = texts.Draw(t, "entry")
		}
		entries = append(entries, e)
	}
	return entries
}

// What goes into a ring comes out of the sample document that it is served as.
func TestSampleRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SliceOfN(observations, 1, 20).Draw(t, "observations")
		r := newRing(t, "2.7", 100)
		first := rapid.Uint64Range(1, 1<<60).Draw(t, "first")
		in[0].Sequence = first
		if _, err := r.AddAll(in); err != nil {
			t.Fatal(err)
		}
		for i := range in {
			in[i].Sequence = first + uint64(i)
		}
		a := agent.New(r, agent.Options{Namespaces: []agent.Namespace{{Prefix: "x", URI: "urn:x"}}})
		_, doc := get(t, a, "/sample")
		_, got := read(t, doc)
		slices.SortFunc(got, func(a, b agent.Observation) int { return int(a.Sequence) - int(b.Sequence) })
		if diff := cmp.Diff(in, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s\n%s", diff, doc)
		}
	})
}
