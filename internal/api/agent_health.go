package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// AgentHealth is what is to be found out about how an agent tells: what is known
// now of its data items, and what its newest observations say of how it sends them.
type AgentHealth struct {
	Agent string `json:"agent"`
	// Observations is how many of the newest observations of the agent's run were
	// read for what follows; From and To are the earliest and the latest of their
	// timestamps. Whole is true where they are all that the run has.
	Observations int        `json:"observations"`
	From         *time.Time `json:"from,omitempty"`
	To           *time.Time `json:"to,omitempty"`
	Whole        bool       `json:"whole"`
	// LossSeconds is how long it takes until the agent overwrites what has not been
	// read, while it cannot be read, at the pace of the observations that were read:
	// 0 where it has begun. It is left out while the link is up, and where it is not
	// known.
	LossSeconds *float64 `json:"lossSeconds,omitempty"`
	// Items counts the data items; Unavailable those of which the agent says that it
	// does not know them, UnavailableShare their part of those that were ever
	// observed.
	Items            int      `json:"items"`
	Unavailable      int      `json:"unavailable"`
	UnavailableShare *float64 `json:"unavailableShare,omitempty"`
	// Never are data items that were never observed. Stale are samples of which
	// nothing was heard for StaleAfter and that are not said to be unavailable:
	// events and conditions may rightly stay as they are for long. Flapping went to
	// UNAVAILABLE at least FlapLeast times, with how often. Backwards are those whose
	// timestamps ran backwards, with how often, and Repeated those that said again
	// what they had said, at the same time. Of each the gravest MaxHealthItems are
	// listed; the counts are of all.
	Never     HealthItems `json:"never"`
	Stale     HealthItems `json:"stale"`
	Flapping  HealthItems `json:"flapping"`
	Backwards HealthItems `json:"backwards"`
	Repeated  HealthItems `json:"repeated"`
	// Unmapped are data items that were observed and are in no device model.
	Unmapped HealthItems `json:"unmapped"`
}

// HealthItems is a list of data items of which something is to be said.
type HealthItems struct {
	Count int          `json:"count"`
	Items []HealthItem `json:"items"`
}

// HealthItem is a data item of which something is to be said.
type HealthItem struct {
	Machine     string `json:"machine"`
	MachineName string `json:"machineName"`
	DataItemID  string `json:"dataItemId"`
	Name        string `json:"name,omitempty"`
	Category    string `json:"category"`
	Type        string `json:"type"`
	SubType     string `json:"subType,omitempty"`
	Component   string `json:"component,omitempty"`
	// Last is the time of its last observation.
	Last *time.Time `json:"last,omitempty"`
	// Times is how often it was so.
	Times int `json:"times,omitempty"`
	// WorstSeconds is how far its time ran backwards at most.
	WorstSeconds float64 `json:"worstSeconds,omitempty"`
}

// AgentHealth finds out how an agent tells. It reads at most MaxHealth observations.
// NotFound where there is no agent with the name.
func (s *Service) AgentHealth(ctx context.Context, name string) (AgentHealth, error) {
	a, err := s.findAgent(name)
	if err != nil {
		return AgentHealth{}, err
	}
	v := AgentHealth{Agent: a.Name}
	seen, err := s.recent(ctx, &v, a.run)
	if err != nil {
		return v, err
	}
	s.judge(&v, a, seen)
	s.loss(&v, a)
	return v, nil
}

// recall is what the newest observations say of a data item.
type recall struct {
	last                      plant.Observation
	flaps, backwards, repeats int
	worst                     int64 // microseconds
}

// recent reads the newest observations of a run.
func (s *Service) recent(ctx context.Context, v *AgentHealth, run plant.Run) (map[plant.ItemID]*recall, error) {
	seen := make(map[plant.ItemID]*recall)
	if run.ID == 0 {
		return seen, nil
	}
	begin := max(run.First, run.Next-MaxHealth)
	v.Whole = begin == run.First
	var from, to int64
	for o, err := range s.reader.Observations(ctx, run.ID, begin) {
		if err != nil {
			return nil, err
		}
		if v.Observations == MaxHealth {
			break // More have come since.
		}
		if v.Observations == 0 {
			from, to = o.Time, o.Time
		}
		v.Observations++
		from, to = min(from, o.Time), max(to, o.Time)
		r := seen[o.Item]
		if r == nil {
			seen[o.Item] = &recall{last: o}
			continue
		}
		r.hear(o)
	}
	if v.Observations > 0 {
		v.From, v.To = instant(timeOf(from)), instant(timeOf(to))
	}
	return seen, nil
}

// hear takes note of the next observation of a data item.
func (r *recall) hear(o plant.Observation) {
	if back := r.last.Time - o.Time; back > 0 {
		r.backwards++
		r.worst = max(r.worst, back)
	}
	if isUnavailable(o) && !isUnavailable(r.last) {
		r.flaps++
	}
	if o.Alarm == nil && o.Time == r.last.Time && o.Value == r.last.Value && o.Extra == r.last.Extra {
		r.repeats++
	}
	r.last = o
}

// isUnavailable reports whether an observation says that the agent does not know.
func isUnavailable(o plant.Observation) bool {
	if o.Alarm != nil {
		return o.Alarm.Level == plant.LevelUnavailable
	}
	return o.Value.Kind == plant.Unknown
}

// judge fills in what is known now of the data items, and of each what its newest
// observations say.
func (s *Service) judge(v *AgentHealth, a *agent, seen map[plant.ItemID]*recall) {
	observed, now := 0, s.now()
	for _, m := range a.machines {
		if !m.Present {
			continue
		}
		name := s.machineName(m)
		for _, it := range m.items {
			v.Items++
			h := HealthItem{
				Machine: m.Slug, MachineName: name, DataItemID: it.DataItemID, Name: it.Name,
				Category: it.Category.String(), Type: it.Type, SubType: it.SubType, Component: it.Path,
			}
			if it.Unmapped {
				v.Unmapped.add(h)
			}
			l, ok := s.hub.Latest(it.ID)
			if !ok {
				v.Never.add(h)
				continue
			}
			observed++
			last := timeOf(l.Time)
			h.Last = &last
			switch {
			case isUnavailable(it.present(l).Observation):
				v.Unavailable++
			case it.Category == plant.Sample && now.Sub(last) > StaleAfter:
				v.Stale.add(h)
			}
			if r := seen[it.ID]; r != nil {
				v.addRecall(h, r)
			}
		}
	}
	if observed > 0 {
		share := float64(v.Unavailable) / float64(observed)
		v.UnavailableShare = &share
	}
	for _, list := range []*HealthItems{&v.Never, &v.Stale, &v.Flapping, &v.Backwards, &v.Repeated, &v.Unmapped} {
		list.settle()
	}
}

// addRecall adds a data item to the lists that its newest observations put it on.
func (v *AgentHealth) addRecall(h HealthItem, r *recall) {
	if r.flaps >= FlapLeast {
		h.Times = r.flaps
		v.Flapping.add(h)
	}
	if r.repeats > 0 {
		h.Times = r.repeats
		v.Repeated.add(h)
	}
	if r.backwards > 0 {
		h.Times, h.WorstSeconds = r.backwards, (time.Duration(r.worst) * time.Microsecond).Seconds()
		v.Backwards.add(h)
	}
}

func (l *HealthItems) add(h HealthItem) {
	l.Count++
	l.Items = append(l.Items, h)
}

// settle orders a list, the gravest first, and cuts it.
func (l *HealthItems) settle() {
	slices.SortStableFunc(l.Items, func(a, b HealthItem) int { return cmp.Compare(b.Times, a.Times) })
	l.Items = append([]HealthItem{}, l.Items[:min(len(l.Items), MaxHealthItems)]...)
}

// loss fills in how long the agent's buffer still holds what has not been read,
// where it cannot be read.
func (s *Service) loss(v *AgentHealth, a *agent) {
	status := s.status(a.Agent)
	if status.Link.Up() || status.LastDocument.IsZero() || status.BufferSize <= 0 || v.From == nil {
		return
	}
	span := v.To.Sub(*v.From).Seconds()
	if span <= 0 {
		return
	}
	pace := float64(v.Observations) / span
	left := max(0, float64(status.BufferSize-status.Lag)/pace-s.now().Sub(status.LastDocument).Seconds())
	v.LossSeconds = &left
}
