package api

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// activeAlarms gives what is active now. What was active when an agent was last
// heard stands behind the rest, with the reason for doubt.
func (s *Service) activeAlarms(machines []*machine, q AlarmQuery) (Alarms, error) {
	after, err := parseActivePlace(q.After)
	if err != nil {
		return Alarms{}, err
	}
	v := Alarms{Items: []AlarmEntry{}}
	level, _ := levelOf(q.Level)
	now := s.now()
	for _, m := range machines {
		if !m.onFloor() || !s.isRead(m.agent.Agent) {
			continue
		}
		doubt := ""
		if status := s.status(m.agent.Agent); !status.Link.Up() {
			doubt = "the agent " + m.agent.Name + " is away"
			if !slices.Contains(v.Unknown, m.agent.Name) {
				v.Unknown = append(v.Unknown, m.agent.Name)
			}
		}
		for _, it := range m.card.conditions {
			l := s.latest(it)
			for _, active := range l.Active {
				a := insight.Activation{
					Item: it.ID, Run: l.Run, Key: active.Alarm.Key(), First: active.Alarm, Last: active.Alarm,
					Level: active.Alarm.Level, Raised: active.Raised, RaisedSequence: active.RaisedSequence,
				}
				if level != plant.LevelNone && a.Level != level || !alarmMatches(it, a, q.Text) {
					continue
				}
				e := newAlarmEntry(it, a, now)
				e.Doubt = doubt
				v.Items = append(v.Items, e)
			}
		}
	}
	slices.SortFunc(v.Items, func(a, b AlarmEntry) int { return placeOf(&a).compare(placeOf(&b)) })
	v.Total = len(v.Items)
	for i := range v.Items {
		if e := &v.Items[i]; e.Doubt == "" && (v.Newest == nil || e.Raised.After(v.Newest.Raised)) {
			v.Newest = e
		}
	}
	if q.After != "" {
		v.Items = slices.DeleteFunc(slices.Clone(v.Items), func(e AlarmEntry) bool { return placeOf(&e).compare(after) <= 0 })
	}
	if limit := cmp.Or(q.Limit, DefaultPage); len(v.Items) > limit {
		v.Items = v.Items[:limit]
		v.Next = placeOf(&v.Items[limit-1]).String()
	}
	return v, nil
}

// activePlace is a place in the list of active alarms: what is in doubt comes last, of
// the others the gravest first, and of these the longest.
type activePlace struct {
	doubtful bool
	level    string
	id       alarmID
}

func placeOf(e *AlarmEntry) activePlace {
	id, _ := parseAlarmID(e.ID)
	return activePlace{doubtful: e.Doubt != "", level: e.Level, id: id}
}

func (p activePlace) compare(other activePlace) int {
	doubt := func(p activePlace) int {
		if p.doubtful {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(doubt(p), doubt(other)), cmp.Compare(p.level, other.level), other.id.compare(p.id))
}

func (p activePlace) String() string { return fmt.Sprintf("%t.%s.%s", p.doubtful, p.level, p.id) }

// parseActivePlace reads a place; the one before the list from an empty text.
func parseActivePlace(s string) (p activePlace, err error) {
	if s == "" {
		return p, nil
	}
	doubtful, rest, _ := strings.Cut(s, ".")
	level, id, _ := strings.Cut(rest, ".")
	p.doubtful, p.level = doubtful == "true", level
	p.id, _ = parseAlarmID(id)
	if p.String() != s {
		return p, errCursor(s)
	}
	return p, nil
}
