package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/insight"
)

// AlarmHealth is how well the alarms of a range serve people. The figures are those
// of EEMUA 191 and ISA-18.2; docs/alarms.md defines them.
type AlarmHealth struct {
	// Problem says for people what could not be told.
	Problem string    `json:"problem,omitempty"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	// WindowSeconds is the time in which alarms are counted, and Target how many a
	// person can attend to in it; from Flood on they are a flood.
	WindowSeconds int `json:"windowSeconds"`
	Target        int `json:"target"`
	Flood         int `json:"flood"`
	// All is of all machines together, Machines of those that raised any, the busiest
	// first.
	All      AlarmRate   `json:"all"`
	Machines []AlarmRate `json:"machines"`
	// Alarms is how many different alarms were raised, BadActors those that were most
	// often: at most BadActors of them.
	Alarms    int            `json:"alarms"`
	BadActors []AlarmConduct `json:"badActors"`
	// Chattering were raised three times or more within a minute, Fleeting were over
	// by themselves within seconds, and Stale have been active for more than a day at
	// the end of the range: at most MaxContext of each, the worst first.
	Chattering []AlarmConduct `json:"chattering"`
	Fleeting   []AlarmConduct `json:"fleeting"`
	Stale      []AlarmConduct `json:"stale"`
}

// BadActors is how many of the most frequent alarms are told.
const BadActors = 10

// AlarmRate is how often alarms were raised.
type AlarmRate struct {
	Machine string `json:"machine,omitempty"`
	Name    string `json:"name,omitempty"`
	Total   int    `json:"total"`
	// Coverage is the part of the range of which it is known what the machine was
	// doing, from 0 to 1; of all machines, on average.
	Coverage float64 `json:"coverage"`
	// PerWindow is how many there were in a window on average over that part, 0 where
	// there is none; Peak the most in one, which began at PeakAt.
	PerWindow float64    `json:"perWindow"`
	Peak      int        `json:"peak"`
	PeakAt    *time.Time `json:"peakAt,omitempty"`
	// Windows is how many windows the range has, Over in how many of them there were
	// more than the target, and Floods in how many a flood.
	Windows int `json:"windows"`
	Over    int `json:"over"`
	Floods  int `json:"floods"`
	// Counts are the counts of the windows, in order; left out for machines.
	Counts []int `json:"counts,omitempty"`
}

// AlarmConduct is how one alarm behaved.
type AlarmConduct struct {
	// Last is its last activation of the range.
	Last AlarmEntry `json:"last"`
	// Count is how often it was raised, and Share that of all that were.
	Count int     `json:"count"`
	Share float64 `json:"share"`
	// Fleeting and Chatter count those of them that were fleeting or part of a
	// chatter.
	Fleeting int `json:"fleeting"`
	Chatter  int `json:"chatter"`
	// StaleSeconds is for how long it has been active, where it is stale.
	StaleSeconds float64 `json:"staleSeconds,omitempty"`
}

// AlarmHealth gives how well the alarms of a range served: of all machines, or of the
// one with the slug. Without from it is the last DefaultRange before to; without to it
// ends now. Errors are those of Alarms.
func (s *Service) AlarmHealth(ctx context.Context, from, to time.Time, slug string) (AlarmHealth, error) {
	machines := s.inventory.Load().machines
	if slug != "" {
		m, err := s.findMachine(slug)
		if err != nil {
			return AlarmHealth{}, err
		}
		machines = []*machine{m}
	}
	first, end, err := s.pastRange(from, to)
	if err != nil {
		return AlarmHealth{}, err
	}
	if err := checkLength(first, end, MaxHealthRange); err != nil {
		return AlarmHealth{}, err
	}
	r, all, err := s.readAlarms(ctx, conditionsOf(machines), first, end)
	if err != nil {
		return AlarmHealth{}, err
	}
	in := insight.Window{From: first, To: end}
	covered, err := s.coverage(ctx, machines, in)
	if err != nil {
		return AlarmHealth{}, err
	}
	v := AlarmHealth{
		From: timeOf(first), To: timeOf(end), Problem: r.problem(),
		WindowSeconds: int(insight.AlarmWindow.Seconds()), Target: insight.AlarmTarget, Flood: insight.FloodFrom,
		All: newAlarmRate(insight.NewAlarmRate(all, in), in, covered[nil]), Machines: []AlarmRate{},
	}
	v.All.Counts = insight.NewAlarmRate(all, in)
	byMachine := make(map[*machine][]insight.Activation)
	for _, a := range all {
		m := r.items[a.Item].machine
		byMachine[m] = append(byMachine[m], a)
	}
	for m, of := range byMachine {
		rate := newAlarmRate(insight.NewAlarmRate(of, in), in, covered[m])
		rate.Machine, rate.Name = m.Slug, m.title()
		if rate.Total > 0 {
			v.Machines = append(v.Machines, rate)
		}
	}
	slices.SortFunc(v.Machines, func(a, b AlarmRate) int {
		return cmp.Or(cmp.Compare(b.Total, a.Total), cmp.Compare(a.Machine, b.Machine))
	})
	s.addConducts(&v, r, insight.AlarmConducts(all, in))
	return v, nil
}

// addConducts adds how each alarm behaved, the most frequent being the first.
func (s *Service) addConducts(v *AlarmHealth, r *alarmReading, all []insight.AlarmConduct) {
	shown := func(wanted func(insight.AlarmConduct) bool, worse func(a, b insight.AlarmConduct) int, most int) []AlarmConduct {
		list := slices.DeleteFunc(slices.Clone(all), func(c insight.AlarmConduct) bool { return !wanted(c) })
		slices.SortStableFunc(list, worse)
		found := []AlarmConduct{}
		for _, c := range list[:min(len(list), most)] {
			found = append(found, s.conduct(r, c, v.All.Total))
		}
		return found
	}
	for _, c := range all {
		if c.Count > 0 {
			v.Alarms++
		}
	}
	v.BadActors = shown(func(c insight.AlarmConduct) bool { return c.Count > 0 },
		func(a, b insight.AlarmConduct) int { return cmp.Compare(b.Count, a.Count) }, BadActors)
	v.Chattering = shown(func(c insight.AlarmConduct) bool { return c.Chatter > 0 },
		func(a, b insight.AlarmConduct) int { return cmp.Compare(b.Chatter, a.Chatter) }, MaxContext)
	v.Fleeting = shown(func(c insight.AlarmConduct) bool { return c.Fleeting > 0 },
		func(a, b insight.AlarmConduct) int { return cmp.Compare(b.Fleeting, a.Fleeting) }, MaxContext)
	v.Stale = shown(func(c insight.AlarmConduct) bool { return c.Stale > 0 },
		func(a, b insight.AlarmConduct) int { return cmp.Compare(b.Stale, a.Stale) }, MaxContext)
}

func (s *Service) conduct(r *alarmReading, c insight.AlarmConduct, total int) AlarmConduct {
	v := AlarmConduct{
		Last: newAlarmEntry(r.items[c.Last.Item], c.Last, s.now()), Count: c.Count, Fleeting: c.Fleeting, Chatter: c.Chatter,
		StaleSeconds: (time.Duration(c.Stale) * time.Microsecond).Seconds(),
	}
	if total > 0 {
		v.Share = float64(c.Count) / float64(total)
	}
	return v
}

// coverage gives, of each machine and, for nil, on average of those on the floor, the
// part of a range of which it is known what the machine was doing.
func (s *Service) coverage(ctx context.Context, machines []*machine, in insight.Window) (map[*machine]float64, error) {
	machines = slices.DeleteFunc(slices.Clone(machines), func(m *machine) bool { return m.IsAgent })
	histories, err := s.histories(ctx, newBreaks(s), machines, in.From, in.To, max(in.To, s.now().UnixMicro()))
	if err != nil {
		return nil, err
	}
	covered := make(map[*machine]float64)
	sum, n := 0., 0
	for i, m := range machines {
		covered[m] = insight.Share(histories[i], []insight.Window{in}).Coverage()
		if m.onFloor() {
			sum, n = sum+covered[m], n+1
		}
	}
	if n > 0 {
		covered[nil] = sum / float64(n)
	}
	return covered, nil
}

func newAlarmRate(rate insight.AlarmRate, in insight.Window, covered float64) AlarmRate {
	v := AlarmRate{
		Total: rate.Total(), Windows: len(rate), Over: rate.Over(insight.AlarmTarget), Floods: rate.Over(insight.FloodFrom - 1), Coverage: covered,
	}
	if covered > 0 {
		v.PerWindow = float64(v.Total) * float64(insight.AlarmWindow.Microseconds()) / (float64(in.To-in.From) * covered)
	}
	if most, window := rate.Peak(); most > 0 {
		v.Peak, v.PeakAt = most, instant(timeOf(in.From+int64(window)*insight.AlarmWindow.Microseconds()))
	}
	return v
}
