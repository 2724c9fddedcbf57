package simulate_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/shop"
	"github.com/factorydash/factorydash/internal/simulate"
)

// The plant file is right, has shifts while people are in the shop, and stands in the
// documentation as the example.
func TestPlantFile(t *testing.T) {
	said, err := shop.Parse(simulate.PlantFile(), time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]string{
		"2026-11-25T08:00:00Z": "Early", "2026-11-25T20:00:00Z": "Late", "2026-11-25T23:00:00Z": "Night",
		"2026-11-28T05:00:00Z": "Night", "2026-11-28T08:00:00Z": "", "2026-12-25T08:00:00Z": "",
	} {
		moment, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if s, _ := said.Calendar.At(moment.UnixMicro()); s.Name != want {
			t.Errorf("at %s the shift is %q, want %q", at, s.Name, want)
		}
	}
	if len(said.Machines) != simulate.DefaultMachines {
		t.Errorf("it speaks of %d machines; the standard shop has %d", len(said.Machines), simulate.DefaultMachines)
	}
	page, err := os.ReadFile("../../docs/shop.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "```json\n"+string(simulate.PlantFile())+"```\n") {
		t.Error("the example of docs/shop.md is another one: copy plant.json into it")
	}
}
