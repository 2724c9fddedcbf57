package plant_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/plant"
)

// known applies observations, which are numbered by their place from first on.
func known(first int64, observations ...plant.Observation) plant.Latest {
	var l plant.Latest
	for n, o := range observations {
		o.Sequence = first + int64(n)
		o.Time = 10 * o.Sequence
		l.Apply(1, o)
	}
	return l
}

func TestBridge(t *testing.T) {
	value := func(s string) plant.Observation {
		return plant.Observation{Value: plant.Value{Kind: plant.Text, Text: s}}
	}
	set := func(s string) plant.Observation {
		return plant.Observation{Value: plant.Value{Kind: plant.Set, Text: s}}
	}
	fault := func(code string) plant.Observation {
		return plant.Observation{Alarm: &plant.Alarm{Level: plant.LevelFault, NativeCode: code}}
	}
	at := func(sequence int64, o plant.Observation) plant.Latest { return known(sequence, o) }
	alarms := func(sequence int64, active ...int64) plant.Latest {
		l := plant.Latest{Observation: plant.Observation{Run: 1, Sequence: sequence}}
		for _, a := range active {
			l.Active = append(l.Active, plant.Activation{RaisedSequence: a, Raised: 10 * a})
		}
		return l
	}
	for _, test := range []struct {
		name          string
		before, after plant.Latest
		changed       bool
		want          plant.Latest // its number, its alarms' and its set alone
	}{
		{"nothing was known", plant.Latest{}, at(3, value("x")), true, alarms(3)},
		{"the same observation", at(3, value("x")), at(3, value("x")), false, alarms(3)},
		{"a newer one", at(3, value("x")), at(5, value("y")), true, alarms(5)},
		{"a newer one that says the same", at(3, value("x")), at(5, value("x")), true, alarms(5)},
		{"unknown meanwhile", at(7, value("")), at(3, value("x")), true, alarms(19)},
		{"a set told by its changes", known(3, set(`{"a":1}`), set(`{"b":2}`)), at(4, set(`{"a":1,"b":2}`)), false, alarms(4)},
		{"a set with another change", at(3, set(`{"a":1}`)), at(4, set(`{"b":2}`)), true, alarms(4)},
		{"the same alarms, one of which was repeated", known(3, fault("A"), fault("B"), fault("A")), known(4, fault("B"), fault("A")), false, alarms(5, 3, 4)},
		{"an alarm has ended", known(3, fault("A"), fault("B")), at(3, fault("A")), true, alarms(19, 3)},
		{"an alarm has begun", at(3, fault("A")), known(3, fault("A"), fault("B")), true, alarms(4, 3, 4)},
		{"an alarm was raised again", at(3, fault("A")), at(9, fault("A")), true, alarms(9, 9)},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := test.after
			if changed := got.Bridge(test.before, 20); changed != test.changed {
				t.Errorf("changed %v, want %v", changed, test.changed)
			}
			var active plant.Latest
			active.Run, active.Sequence = got.Run, got.Sequence
			for _, a := range got.Active {
				active.Active = append(active.Active, plant.Activation{RaisedSequence: a.RaisedSequence, Raised: a.Raised})
			}
			if diff := cmp.Diff(test.want, active); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
