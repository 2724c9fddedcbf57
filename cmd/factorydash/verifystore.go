package main

import (
	"context"
	"fmt"
)

type verifyStoreCommand struct{}

// Run reads everything that is stored and prints what is wrong with it. It fails
// where something is.
func (c *verifyStoreCommand) Run(ctx context.Context, env *environment) error {
	st, err := env.openExistingStore(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	faults := 0
	for fault, err := range st.Verify(ctx) {
		if err != nil {
			return err
		}
		faults++
		fmt.Fprintf(env.stdout, "%s: %s\n", fault.What, fault.Detail)
	}
	if faults > 0 {
		fmt.Fprintf(env.stdout, "%d faults; everything else can be read\n", faults)
		return errSilent
	}
	size, err := st.Size(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "sound: %d observations in rows, %d in %d blocks\n", size.Rows, size.Blocked, size.Blocks)
	return nil
}
