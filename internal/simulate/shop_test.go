package simulate_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/simulate"
	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// monday is the start of a week in which shifts, breaks, nights and a weekend
// come in turn.
var monday = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

// newShop makes a shop that begins at start, where its clock stands still.
func newShop(t testing.TB, start time.Time, c simulate.ShopConfig) *simulate.Shop {
	t.Helper()
	c.Start, c.Now = start, func() time.Time { return start }
	s, err := simulate.NewShop(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func advance(t testing.TB, s *simulate.Shop, to time.Time) {
	t.Helper()
	if err := s.Advance(to); err != nil {
		t.Fatal(err)
	}
}

// each calls f with the observations that an agent holds from a sequence
// number on, and gives the next one.
func each(t testing.TB, a simulate.ShopAgent, from uint64, f func(*agent.Observation)) uint64 {
	t.Helper()
	first, next := a.Source.Bounds()
	if from < first {
		t.Fatalf("%s: buffer too small for this test: first %d, wanted %d", a.Name, first, from)
	}
	err := a.Source.Scan(context.Background(), from, next, false, func(o *agent.Observation) bool {
		f(o)
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// digest sums up everything that the agents of a shop hold.
func digest(t testing.TB, s *simulate.Shop) string {
	t.Helper()
	h := sha256.New()
	for _, a := range s.Agents() {
		fmt.Fprintln(h, a.Name)
		each(t, a, 1, func(o *agent.Observation) {
			fmt.Fprintln(h, o.Sequence, o.Time, o.DataItemID, o.Value)
			if o.Detail != nil {
				fmt.Fprintln(h, *o.Detail)
			}
		})
		for _, asset := range a.Source.Assets() {
			fmt.Fprintln(h, asset.ID, asset.Removed, string(asset.Content))
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

func TestHowTimeAdvancesMakesNoDifference(t *testing.T) {
	const span = 30 * time.Minute
	rapid.Check(t, func(rt *rapid.T) {
		c := simulate.ShopConfig{Seed: rapid.Uint64().Draw(rt, "seed"), Rate: 0.5}
		start := monday.Add(time.Duration(rapid.IntRange(0, 7*24*60).Draw(rt, "minute")) * time.Minute)
		end := start.Add(span)
		once, bit := newShop(t, start, c), newShop(t, start, c)
		advance(t, once, end)
		steps := rapid.SliceOfN(rapid.Int64Range(1, int64(15*time.Minute)), 1, 40).Draw(rt, "steps")
		at := start
		for i := 0; at.Before(end); i++ {
			at = at.Add(time.Duration(steps[i%len(steps)])/7 + time.Second)
			if at.After(end) {
				at = end
			}
			advance(t, bit, at)
		}
		if digest(t, once) != digest(t, bit) {
			rt.Fatal("the same seed and start gave other observations when time advanced in other steps")
		}
	})
}

func TestSeedsDiffer(t *testing.T) {
	one, other := newShop(t, monday, simulate.ShopConfig{Seed: 1}), newShop(t, monday, simulate.ShopConfig{Seed: 2})
	advance(t, one, monday.Add(10*time.Minute))
	advance(t, other, monday.Add(10*time.Minute))
	if digest(t, one) == digest(t, other) {
		t.Error("two seeds gave the same observations")
	}
}

func TestHistoryIsFilledOnConstruction(t *testing.T) {
	now := monday.Add(40*time.Hour + 123*time.Millisecond)
	s, err := simulate.NewShop(simulate.ShopConfig{Seed: 1, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, a := range s.Agents() {
		info := a.Source.Info()
		start := now.Add(-simulate.DefaultHistory).Truncate(time.Second)
		if info.InstanceID != uint64(start.Unix()) {
			t.Errorf("%s: instanceId %d, want the start in seconds, %d", a.Name, info.InstanceID, start.Unix())
		}
		var oldest, newest int64
		each(t, a, 1, func(o *agent.Observation) {
			total++
			if oldest == 0 {
				oldest = o.Time
			}
			newest = o.Time
		})
		if got := time.UnixMicro(oldest).Add(-info.ClockSkew); !got.Equal(start) {
			t.Errorf("%s: the oldest observation is of %s, want %s", a.Name, got, start)
		}
		if late := now.Sub(time.UnixMicro(newest).Add(-info.ClockSkew)); late <= 0 || late > 10*time.Second {
			t.Errorf("%s: the newest observation is %s old", a.Name, late)
		}
	}
	if rate := float64(total) / simulate.DefaultHistory.Seconds(); rate < 20 || rate > 30 {
		t.Errorf("%.1f observations a second, want 20 to 30", rate)
	}
}

func TestRateIsAboutWhatIsAskedFor(t *testing.T) {
	for _, rate := range []float64{1, 5, simulate.MaxRate} {
		s := newShop(t, monday.Add(8*time.Hour), simulate.ShopConfig{Seed: 3, Machines: 20, Rate: rate})
		advance(t, s, monday.Add(8*time.Hour+30*time.Minute))
		total := uint64(0)
		for _, a := range s.Agents() {
			_, next := a.Source.Bounds()
			total += next - 1
		}
		if got := float64(total) / 1800 / 20; got < 0.6*rate || got > 1.4*rate {
			t.Errorf("asked for %v observations a second a machine, got %.2f", rate, got)
		}
	}
}

func TestRateDoesNotChangeWhatHappens(t *testing.T) {
	happens := func(rate float64) []string {
		s := newShop(t, monday.Add(8*time.Hour), simulate.ShopConfig{Seed: 4, Rate: rate})
		advance(t, s, monday.Add(11*time.Hour))
		var list []string
		for _, a := range s.Agents() {
			told := make(map[string]bool)
			for _, d := range a.Source.Devices() {
				for _, item := range itemsOf(&d.Component, func(i *mtconnect.DataItem) bool {
					return i.Category == mtconnect.Condition || i.Type == "EXECUTION" || i.Type == "PART_COUNT"
				}) {
					told[item.ID] = true
				}
			}
			each(t, a, 1, func(o *agent.Observation) {
				if told[o.DataItemID] {
					list = append(list, fmt.Sprint(o.Time, " ", o.DataItemID, " ", o.Value))
				}
			})
		}
		return list
	}
	if diff := cmp.Diff(happens(0.5), happens(4)); diff != "" {
		t.Error(diff)
	}
}

func TestShopConfigErrorsNameTheField(t *testing.T) {
	now := func() time.Time { return monday }
	for field, c := range map[string]simulate.ShopConfig{
		"Machines": {Machines: 1001},
		"Rate":     {Rate: 20.5},
		"Start":    {Start: monday.Add(time.Second)},
	} {
		c.Now = now
		if _, err := simulate.NewShop(c); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: got error %v, want one that names the field", field, err)
		}
	}
}

func TestRunGoesWithTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := simulate.NewShop(simulate.ShopConfig{Seed: 1, Start: time.Now().Add(-time.Minute)})
		if err != nil {
			t.Fatal(err)
		}
		source := s.Agents()[0].Source
		_, before := source.Bounds()
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		began := time.Now()
		for waited := 0; ; waited++ {
			changed := source.Changed()
			if _, next := source.Bounds(); next > before+20 {
				break
			}
			<-changed
		}
		if took := time.Since(began); took <= 0 || took > time.Minute {
			t.Errorf("20 observations took %s", took)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestHallsDiffer(t *testing.T) {
	s := newShop(t, monday, simulate.ShopConfig{Seed: 1})
	schemas := make(map[string]bool)
	skewed, machines, twoPaths := 0, 0, 0
	for _, a := range s.Agents() {
		info := a.Source.Info()
		schemas[info.SchemaVersion] = true
		if info.ClockSkew != 0 {
			skewed++
		}
		for _, d := range a.Source.Devices() {
			if d.IsAgent {
				continue
			}
			machines++
			if len(itemsOf(&d.Component, func(i *mtconnect.DataItem) bool { return i.Type == "EXECUTION" })) == 2 {
				twoPaths++
			}
		}
	}
	if len(schemas) < 3 || skewed != 1 || machines < 8 || twoPaths != 2 {
		t.Errorf("%d schema versions, %d skewed clocks, %d machines, %d with two paths", len(schemas), skewed, machines, twoPaths)
	}
}

// itemsOf gives the data items of a component and all below it that are wanted.
func itemsOf(c *mtconnect.Component, want func(*mtconnect.DataItem) bool) []*mtconnect.DataItem {
	var list []*mtconnect.DataItem
	for i := range c.DataItems {
		if want(&c.DataItems[i]) {
			list = append(list, &c.DataItems[i])
		}
	}
	for i := range c.Components {
		list = append(list, itemsOf(&c.Components[i], want)...)
	}
	return list
}

func BenchmarkHistory(b *testing.B) {
	now := monday.Add(40 * time.Hour)
	observations := uint64(0)
	for b.Loop() {
		s, err := simulate.NewShop(simulate.ShopConfig{Seed: 1, Now: func() time.Time { return now }})
		if err != nil {
			b.Fatal(err)
		}
		observations = 0
		for _, a := range s.Agents() {
			_, next := a.Source.Bounds()
			observations += next - 1
		}
	}
	b.ReportMetric(float64(observations), "observations")
}
