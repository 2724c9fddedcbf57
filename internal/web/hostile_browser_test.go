package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/api"
)

// longName is a name as only a hostile agent has one: without an end, from right to
// left, of signs that take much room.
var longName = "\u202eFRÄSE🛠" + strings.Repeat("W", 1000)

// Whatever a machine is called, no page is wider than a phone.
func TestLongNamesFitAPhone(t *testing.T) {
	s := newPlant(t, time.Now)
	s.agents[0].Name = longName
	for _, m := range s.machines[:4] {
		s.edit(m.Slug, func(m *api.MachineDetail) {
			m.Name, m.Agent, m.Program, m.Manufacturer = longName, longName, ptr(longName), longName
			for i := range m.Conditions {
				m.Conditions[i].Text, m.Conditions[i].NativeCode = longName, longName
			}
			for i := range m.Items {
				m.Items[i].Name = longName
			}
		})
	}
	server := s.serve(t)
	b := newTab(t, server.URL, 360, 740)
	for _, path := range []string{"/floor", "/m/vmc-04", "/m/vmc-04/why", "/handover", "/handover?machine=vmc-04", "/agents", "/timeline"} {
		b.open(server.URL + path)
		if over := overflow(b); over > 0 {
			t.Errorf("%s: %d px wider than the screen", path, over)
		}
	}
}
