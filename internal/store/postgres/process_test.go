package postgres_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/postgres"
	"github.com/factorydash/factorydash/internal/store/postgres/pgtest"
	"github.com/factorydash/factorydash/internal/store/storetest"
)

// processes are those of one database.
func processes() storetest.Processes {
	return storetest.Processes{
		New: func(t *testing.T) string { return pgtest.Database(t) },
		Open: func(ctx context.Context, url string) (storetest.SharedStore, error) {
			return postgres.Open(ctx, url, postgres.Options{})
		},
	}
}

func TestMain(m *testing.M) {
	processes().Work()
	os.Exit(pgtest.Main(func() int {
		servers := goleak.IgnoreCurrent()
		code := m.Run()
		if code == 0 {
			if err := goleak.Find(servers); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
		}
		return code
	}))
}

func TestProcesses(t *testing.T) { processes().Run(t) }

// openPlant opens a new store with an agent.
func openPlant(t testing.TB, url string, o postgres.Options) *postgres.Store {
	t.Helper()
	s := open(t, url, o)
	storetest.NewPlant(t, s)
	return s
}

// TestSaveModelsTogether has two stores save the models of two agents that have
// machines of the same names.
func TestSaveModelsTogether(t *testing.T) {
	url := pgtest.Database(t)
	one := open(t, url, postgres.Options{})
	var saving sync.WaitGroup
	for i, s := range []*postgres.Store{one, open(t, url, postgres.Options{})} {
		name := fmt.Sprint("agent", i)
		saving.Go(func() {
			agent, err := s.PutAgent(t.Context(), plant.Agent{Name: name, URL: "http://a"})
			if err != nil {
				t.Error(err)
				return
			}
			model := plant.Model{Agent: agent.ID}
			for version := range 10 {
				model.Digest = fmt.Sprint(version)
				model.Devices = append(model.Devices, plant.ModelDevice{
					Device: plant.Device{Name: fmt.Sprint("mill", version)}, Items: []plant.DataItem{{DataItemID: "x"}},
				})
				if _, err := s.SaveModel(t.Context(), model); err != nil {
					t.Error(err)
				}
			}
		})
	}
	saving.Wait()
	devices, err := one.Devices(t.Context())
	slugs := make(map[string]bool)
	for _, d := range devices {
		slugs[d.Slug] = true
	}
	if err != nil || len(slugs) != 20 {
		t.Errorf("%d slugs of 20 machines, %v", len(slugs), err)
	}
}
