package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/factorydash/factorydash/internal/plant"
)

// configBytes is the most that a configuration file may hold.
const configBytes = 1 << 20

// config is a configuration file: a JSON object whose keys are the names of
// flags.
type config map[string]any

// configFile reads a configuration file.
func configFile(r io.Reader) (kong.Resolver, error) {
	var c config
	if err := json.NewDecoder(io.LimitReader(r, configBytes)).Decode(&c); err != nil {
		return nil, plant.Errorf(plant.Invalid, `configuration file: %v; use a JSON object such as {"listen": "127.0.0.1:8000"}`, err)
	}
	return c, nil
}

// Validate reports keys that are no flag of any subcommand: a misspelt setting
// must not be taken for one that is in force.
func (c config) Validate(app *kong.Application) error {
	known := make(map[string]bool)
	err := kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			known[flag.Name] = true
		}
		return next(nil)
	})
	if err != nil {
		return err
	}
	var unknown []string
	for key := range c {
		if !known[key] {
			unknown = append(unknown, fmt.Sprintf("%.50q", key))
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return plant.Errorf(plant.Invalid, "configuration file: there is no setting %s; keys are the names of flags, without the dashes in front", strings.Join(unknown, ", "))
	}
	return nil
}

// Resolve gives the value for a flag that neither the command line nor the
// environment sets: kong by itself would let the file win over the environment.
func (c config) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, ok := os.LookupEnv(name); ok {
			return nil, nil //nolint:nilnil // A resolver says "not set" with a nil value.
		}
	}
	return c[flag.Name], nil
}
