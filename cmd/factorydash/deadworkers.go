package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// workerName is what this process is called among the workers: host and process
// number.
func workerName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unnamed"
	}
	return fmt.Sprintf("%s:%d", host, os.Getpid())
}

// buryDeadWorkers gives back the leases of workers that ran on this host and are
// no more, as after a crash or a power cut: what they captured is captured at once
// and not only when the leases have run out. Should one be alive after all, as in
// another container that has the same name, it finds its leases gone and stops;
// what both had read meanwhile is stored once, by the cursor.
func buryDeadWorkers(ctx context.Context, s store.Leases, self string) error {
	crew, err := s.Crew(ctx)
	if err != nil {
		if plant.ErrorCode(err) == plant.Unavailable {
			return nil // Then the leases run out.
		}
		return err
	}
	host, _, _ := strings.Cut(self, ":")
	for _, w := range crew.Workers {
		on, number, _ := strings.Cut(w.Name, ":")
		pid, err := strconv.Atoi(number)
		if err != nil || on != host || w.Name != self && processLives(pid) {
			continue
		}
		if err := s.Leave(ctx, w.ID); err != nil {
			return err
		}
	}
	return nil
}
