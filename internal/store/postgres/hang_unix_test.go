//go:build unix

package postgres_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/postgres"
	"github.com/factorydash/factorydash/internal/store/postgres/pgtest"
)

// TestHangs lets the server stand still: a commit is given up in the time that it
// has.
func TestHangs(t *testing.T) {
	address := with(t, pgtest.Database(t), "application_name", "hangs")
	s := openPlant(t, address, postgres.Options{WriteTimeout: 300 * time.Millisecond})
	recovered(t, s)
	var pids []int
	rows, err := s.Write().Query(t.Context(), `SELECT pid FROM pg_stat_activity WHERE application_name = 'hangs'`)
	if err == nil {
		pids, err = pgx.CollectRows(rows, pgx.RowTo[int])
	}
	if err != nil || len(pids) == 0 {
		t.Fatalf("sessions %v, %v", pids, err)
	}
	signal := func(signal syscall.Signal) {
		for _, pid := range pids {
			if err := syscall.Kill(pid, signal); err != nil {
				t.Error(err)
			}
		}
	}
	signal(syscall.SIGSTOP)
	defer signal(syscall.SIGCONT)
	_, err = s.PutAgent(t.Context(), plant.Agent{Name: "b", URL: "http://b"})
	unavailable(t, "write", err, "the database does not answer in time")
}
