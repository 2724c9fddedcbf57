package main

import (
	"encoding/json"
	"fmt"
)

type versionCommand struct {
	JSON bool `help:"Print as JSON."`
}

// Run prints what the binary was built from.
func (c *versionCommand) Run(env *environment) error {
	b := env.build
	if c.JSON {
		return json.NewEncoder(env.stdout).Encode(b)
	}
	_, err := fmt.Fprintf(env.stdout, "factorydash %s\n", b.Version)
	if b.Commit != "" {
		fmt.Fprintf(env.stdout, "commit %s of %s\n", b.Commit, b.Time)
	}
	fmt.Fprintf(env.stdout, "%s %s\n", b.Go, b.Platform)
	return err
}
