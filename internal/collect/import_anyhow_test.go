package collect_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/collect"
	"github.com/factorydash/factorydash/internal/plant"
)

// TestImportDocumentsAnyhow imports recordings with everything that can be the
// matter with them, and is interrupted again and again.
func TestImportDocumentsAnyhow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := bookkeeper{memory: newMemory()}
		list := drawPapers(t)
		left := rapid.IntRange(0, 6).Draw(t, "interruptions")
		broken := errors.New("interrupted")
		until := rapid.IntRange(1, 5).Draw(t, "commits")
		b.failWith(func(op string) error {
			if op != "commit" || left == 0 {
				return nil
			}
			if until--; until > 0 {
				return nil
			}
			left--
			until = 1 + left%3
			if left%2 == 0 { // it was done, and nobody knows
				b.loseAck = true
				return nil
			}
			return broken
		})
		for try := 0; ; try++ {
			_, err := collect.ImportDocuments(context.Background(), b.options(), collect.DocumentImport{
				Agent: plant.Agent{ID: 1, Name: "a", URL: "http://a"}, Documents: papers(list, nil),
			})
			if err == nil {
				break
			}
			if !errors.Is(err, broken) && plant.ErrorCode(err) != plant.Conflict || try > 20 {
				t.Fatalf("try %d: %v", try, err)
			}
		}
		if diff := cmp.Diff(expected(list), held(t, b)); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

// drawPapers makes a recording: documents that follow each other, some of which
// are missing, torn, there twice, too long or sparse, in any order.
func drawPapers(t *rapid.T) []paper {
	var list []paper
	for instance := range uint64(rapid.IntRange(1, 3).Draw(t, "instances")) {
		at := rapid.Int64Range(1, 3).Draw(t, "first")
		for range rapid.IntRange(1, 8).Draw(t, "documents") {
			to := at + rapid.Int64Range(0, 12).Draw(t, "length")
			p := sheet(instance+1, at, to)
			at = to + 1
			switch rapid.IntRange(0, 9).Draw(t, "matter") {
			case 0:
				continue
			case 1:
				p.torn = true
			case 2:
				list = append(list, p)
			case 3:
				p = sheet(instance+1, max(1, at-20), to)
			case 4:
				p.numbers = slices.DeleteFunc(p.numbers, func(n int64) bool { return n%3 == 1 })
			case 5:
				p.numbers = rapid.Permutation(p.numbers).Draw(t, "numbers")
			}
			list = append(list, p)
		}
	}
	for range rapid.IntRange(0, 3).Draw(t, "swaps") {
		if n := len(list); n > 1 {
			i, j := rapid.IntRange(0, n-1).Draw(t, "i"), rapid.IntRange(0, n-1).Draw(t, "j")
			list[i], list[j] = list[j], list[i]
		}
	}
	// An instance of which nothing can be read has no place.
	return slices.DeleteFunc(list, func(p paper) bool {
		return !slices.ContainsFunc(list, func(o paper) bool { return o.instance == p.instance && !o.torn && len(o.numbers) > 0 })
	})
}

// expected says by the definition what a recording comes to. A number that no
// document has is rejected where a torn document ends behind it and before the
// next number that one has, and unrecorded otherwise.
func expected(list []paper) []kept {
	var order []uint64
	for _, p := range list {
		if len(p.numbers) > 0 && !slices.Contains(order, p.instance) {
			order = append(order, p.instance)
		}
	}
	var all []kept
	for n, instance := range order {
		has, last, first := map[int64]bool{}, int64(0), int64(0)
		var torn []int64
		for _, p := range list {
			switch {
			case p.instance != instance:
			case p.torn:
				torn = append(torn, p.next)
			default:
				for _, n := range p.numbers {
					has[n], last = true, max(last, n)
					if first == 0 || n < first {
						first = n
					}
				}
			}
		}
		k := kept{Instance: instance, First: first, Stored: len(has)}
		for _, next := range torn {
			last = max(last, next-1)
		}
		k.Next = last + 1
		for at := first; at <= last; at++ {
			if has[at] {
				continue
			}
			end := at
			for end < last && !has[end+1] {
				end++
			}
			for _, next := range slices.Sorted(slices.Values(torn)) {
				if at < next && next <= end+1 {
					k.Gaps = append(k.Gaps, plant.Gap{From: at, To: next - 1, Reason: plant.GapRejected}.String())
					at = next
				}
			}
			if at <= end {
				k.Gaps = append(k.Gaps, plant.Gap{From: at, To: end, Reason: plant.GapUnrecorded}.String())
			}
			at = end
		}
		if n < len(order)-1 {
			k.Gaps = append(k.Gaps, plant.Gap{From: k.Next, To: plant.OpenEnd, Reason: plant.GapRestart}.String())
		}
		all = append(all, k)
	}
	return all
}
