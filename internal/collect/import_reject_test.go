package collect_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/collect"
	"github.com/factorydash/factorydash/internal/plant"
)

// A recording with very many observations that cannot be stored takes no longer
// than one without: each of them is a gap of its own, and all others are stored.
func TestImportOfManyThatAreRejected(t *testing.T) {
	const last, page = 90_000, 30_000
	b := bookkeeper{memory: newMemory()}
	o := b.options()
	o.UnmappedItems = 2 // The items are named in turn: every third number is of one too many.
	var list []paper
	for from := int64(1); from < last; from += page {
		list = append(list, sheet(7, from, from+page-1))
	}
	slices.Reverse(list)
	done, err := collect.ImportDocuments(t.Context(), o, collect.DocumentImport{
		Agent: plant.Agent{ID: 1, Name: "a", URL: "http://a"}, Documents: papers(list, nil),
	})
	if err != nil {
		t.Fatal(err)
	}
	const rejected = last / 3
	if done.Observations != last-rejected || done.Gaps != rejected || done.Lost != rejected {
		t.Errorf("imported %+v, want %d observations and %d gaps", done, last-rejected, rejected)
	}
	if len(b.runs) != 1 || b.runs[0].Next != last+1 {
		t.Fatalf("runs %+v", b.runs)
	}
	var got, want []string
	for i, g := range b.gaps[b.runs[0].ID] {
		got = append(got, fmt.Sprint(g))
		n := int64(3 * (i + 1))
		want = append(want, fmt.Sprint(plant.Gap{From: n, To: n, Reason: plant.GapRejected, Detail: g.Detail}))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
	for _, v := range b.violations {
		t.Error(v)
	}
}
