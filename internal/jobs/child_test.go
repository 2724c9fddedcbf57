package jobs_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
)

// childRole names what the test program does where it is started as another
// process.
const childRole = "FACTORYDASH_JOBS_CHILD"

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func runChild(role string) int {
	fmt.Fprintln(os.Stderr, "no such role", role, context.Background())
	return 2
}
