package api

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// Why says why a machine was in its state at a moment: worked out anew from the
// stored observations.
type Why struct {
	Machine string    `json:"machine"`
	At      time.Time `json:"at"`
	// State is the slug of the state, or "unknown": Reason says why it is. Word is what
	// people read.
	State  string         `json:"state" enum:"no-link,offline,alarm,setup,running,stopped,idle,unknown"`
	Word   string         `json:"word"`
	Reason insight.Reason `json:"reason,omitempty" enum:"gap,no-data,restart"`
	// Rule is the rule that decides, RuleText when it holds, in a sentence.
	Rule     string `json:"rule,omitempty"`
	RuleText string `json:"ruleText,omitempty"`
	// Since is when the state began; SinceBefore is true where that is before anything
	// that is stored.
	Since       *time.Time `json:"since,omitempty"`
	SinceBefore bool       `json:"sinceBefore,omitempty"`
	// Detail says more for people, such as how much was lost.
	Detail string `json:"detail,omitempty"`
	// Problem says for people where what is worked out differs from the stored state.
	Problem      string `json:"problem,omitempty"`
	RulesVersion int    `json:"rulesVersion"`
	// Inputs are what the rules look at, those that decide first; Rules are all rules
	// in the order in which they are looked at.
	Inputs []WhyInput `json:"inputs"`
	Rules  []WhyRule  `json:"rules"`
}

// WhyInput is a data item that the rules look at, with what was known of it.
type WhyInput struct {
	Item WhyItem `json:"item"`
	// Value is null while it is not known. For a condition it is the gravest active
	// level, as Level is, and Active has the activations.
	Value  any         `json:"value"`
	Level  string      `json:"level,omitempty"`
	Active []Condition `json:"active,omitempty"`
	// Time and Sequence are those of the observation, by the agent, and Instance is
	// its run; Observation is the address of the observation as it was received. They
	// are left out where nothing was observed.
	Time        *time.Time `json:"time,omitempty"`
	Sequence    int64      `json:"sequence,omitempty,string"`
	Instance    uint64     `json:"instance,omitempty,string"`
	Observation string     `json:"observation,omitempty"`
	// Decides is true where the rule that decides holds by it.
	Decides bool `json:"decides"`
}

// WhyItem names a data item.
type WhyItem struct {
	ID         plant.ItemID `json:"id"`
	DataItemID string       `json:"dataItemId"`
	Name       string       `json:"name,omitempty"`
	Type       string       `json:"type"`
	Component  string       `json:"component,omitempty"`
}

// WhyRule is a rule and whether it holds. The state is that of the first that does.
type WhyRule struct {
	Number int    `json:"number"`
	Name   string `json:"name"`
	Text   string `json:"text"`
	State  string `json:"state"`
	Holds  bool   `json:"holds"`
	Chosen bool   `json:"chosen"`
}

// Why says why a machine is in its state: now, where at is zero, and otherwise at
// that moment. NotFound where there is no machine with the slug, Invalid for a moment
// that is still to come.
func (s *Service) Why(ctx context.Context, slug string, at time.Time) (Why, error) {
	m, err := s.findMachine(slug)
	if err != nil {
		return Why{}, err
	}
	now := s.now()
	if at.IsZero() {
		at = now
	}
	if err := s.checkPast(at); err != nil {
		return Why{}, err
	}
	moment := at.UnixMicro()
	is, err := s.intervalAt(ctx, m, moment, now.UnixMicro())
	if err != nil {
		return Why{}, err
	}
	then := s.newMoment(moment, m.items)
	if err := then.find(ctx, m.Agent); err != nil {
		return Why{}, err
	}
	was, err := s.stateThen(ctx, m, then)
	if err != nil {
		return Why{}, err
	}
	v := Why{
		Machine: m.Slug, At: timeOf(moment), State: stateSlug(is.State), Word: is.State.String(), Reason: is.Reason,
		Detail: is.Detail, RulesVersion: insight.RulesVersion,
	}
	if is.Since != 0 {
		since := timeOf(is.Since)
		v.Since = &since
	}
	known, stored := is.State != 0 && is.State != plant.NoLink, is.Rule
	if known && was.State == v.State {
		v.Since, v.SinceBefore, stored = was.Since, was.SinceBefore, was.Rule // The interval has the rule by which it began.
	}
	s.explain(&v, m, then, known, stored)
	if v.State == unknownSlug {
		v.Word = "Unknown"
	}
	return v, nil
}

// intervalAt gives what a machine was doing at a moment, with what is not known.
func (s *Service) intervalAt(ctx context.Context, m *machine, at, now int64) (insight.Interval, error) {
	list, err := s.history(ctx, newBreaks(s), m, at, at+1, max(now, at+1))
	if err != nil {
		return insight.Interval{}, err
	}
	return list[0], nil
}

// explain works out the state anew and fills in what the rules look at. Where it is
// known, what comes of it is the state, whatever is stored.
func (s *Service) explain(v *Why, m *machine, then *moment, known bool, stored string) {
	rules := s.shop().Machine(m.Slug).Rules
	tracker := insight.NewMachine(m.Device, m.dataItems(), rules)
	latest := make(map[plant.ItemID]plant.Latest)
	var all []plant.Latest
	for _, it := range m.items {
		if l, observed, _ := then.latest(then.items[it.ID]); observed && tracker.Follows(it.ID) {
			latest[it.ID] = l
			all = append(all, l)
		}
	}
	tracker.Load(all, plant.StateChange{})
	e := tracker.Explain(insight.WaitedTooLong(stored))
	v.Rules = append(v.Rules, WhyRule{
		Number: int(plant.NoLink), Name: insight.RuleNoLink, Text: insight.RuleText(insight.RuleNoLink), State: plant.NoLink.Slug(),
		Holds: v.State == plant.NoLink.Slug(), Chosen: v.State == plant.NoLink.Slug(),
	})
	for _, f := range e.Rules {
		v.Rules = append(v.Rules, WhyRule{
			Number: int(f.State), Name: f.Name, Text: insight.RuleText(f.Name), State: f.State.Slug(), Holds: f.Holds, Chosen: f.Chosen && known,
		})
	}
	switch {
	case v.State == plant.NoLink.Slug():
		v.Rule = insight.RuleNoLink
	case known && e.State != 0:
		if e.State.Slug() != v.State {
			v.Problem = fmt.Sprintf("the stored state is %s, by rule %q: factorydash rebuild derives it anew", v.Word, stored)
		}
		v.State, v.Word, v.Rule = e.State.Slug(), e.State.String(), e.Rule
	case known:
		v.Rule = stored
	}
	v.RuleText = insight.RuleText(v.Rule)
	v.Inputs = []WhyInput{}
	runs := s.inventory.Load().byRun
	items := make(map[plant.ItemID]*item, len(m.items))
	for _, it := range m.items {
		items[it.ID] = it
	}
	for _, in := range e.Inputs {
		l, observed := latest[in.Item]
		input := newWhyInput(items[in.Item], l, observed, in.Decides && known)
		input.Instance = runs[l.Run].InstanceID
		v.Inputs = append(v.Inputs, input)
	}
	slices.SortStableFunc(v.Inputs, func(a, b WhyInput) int {
		switch {
		case a.Decides == b.Decides:
			return 0
		case a.Decides:
			return -1
		}
		return 1
	})
}

func newWhyInput(it *item, l plant.Latest, observed, decides bool) WhyInput {
	v := WhyInput{Item: WhyItem{ID: it.ID, DataItemID: it.DataItemID, Name: it.Name, Type: it.Type, Component: it.Path}}
	if !observed {
		return v
	}
	at := timeOf(l.Time)
	v.Value, v.Time, v.Sequence, v.Decides = currentValue(l), &at, l.Sequence, decides
	if l.Alarm != nil {
		v.Level, v.Active = l.Level().String(), activeOf(it.DataItem, l)
	}
	q := url.Values{"from": {at.Format(time.RFC3339Nano)}, "to": {at.Add(time.Microsecond).Format(time.RFC3339Nano)}}
	v.Observation = fmt.Sprintf("%s/items/%d/observations?%s", Prefix, it.ID, q.Encode())
	return v
}
