package storetest

import (
	"cmp"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/recording"
	"github.com/factorydash/factorydash/mtconnect"
)

// Recorded gives the observations of a recording of the NIST test bed, in order
// of sequence: 677,878 of a mill over three weeks, stamped to the microsecond, of
// run 1 and of items numbered from 1. It is nil where the recording is missing.
func Recorded(t testing.TB) []plant.Observation {
	t.Helper()
	dir := os.Getenv("FACTORYDASH_NIST")
	if dir == "" {
		_, here, _, _ := runtime.Caller(0)
		dir = filepath.Join(filepath.Dir(here), "..", "..", "..", "..", "shared", "nist")
	}
	path := filepath.Join(dir, "recorded", "mazak03.tgz")
	if _, err := os.Stat(path); err != nil {
		return nil
	}
	var all []plant.Observation
	items := map[string]plant.ItemID{}
	texts := map[string]string{}
	reader := mtconnect.NewStreamsReader(mtconnect.Limits{})
	for d, err := range recording.Documents(path) {
		if err != nil {
			t.Fatal(err)
		}
		reader.Reset(d.Body)
		for {
			o, err := reader.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if items[o.DataItemID] == 0 {
				items[o.DataItemID] = plant.ItemID(len(items) + 1)
			}
			p := converted(o, texts)
			p.Run, p.Item, p.Sequence, p.Time = 1, items[o.DataItemID], int64(o.Sequence), o.Time
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b plant.Observation) int { return cmp.Compare(a.Sequence, b.Sequence) })
	return all
}

// converted is what an observation of the recording says.
func converted(o *mtconnect.Observation, texts map[string]string) plant.Observation {
	text, ok := texts[string(o.Value)]
	if !ok {
		text = string(o.Value)
		texts[text] = text
	}
	if o.Category == mtconnect.Condition {
		return plant.Observation{Alarm: &plant.Alarm{
			Level: plant.Level(o.Level) + 1, NativeCode: o.NativeCode, NativeSeverity: o.NativeSeverity,
			Qualifier: o.Qualifier, ConditionID: o.ConditionID, Text: text,
		}}
	}
	if o.IsUnavailable() {
		return plant.Observation{}
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil && o.Category == mtconnect.Sample && n-n == 0 {
		return plant.Observation{Value: plant.Value{Kind: plant.Number, Number: n}}
	}
	return plant.Observation{Value: plant.Value{Kind: plant.Text, Text: text}}
}
