package main

import (
	"context"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // The image has no time zones of its own, and a shop file names one.

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/shop"
	"github.com/factorydash/factorydash/internal/simulate"
)

// shopFlags names the file in which people say what no machine can tell.
type shopFlags struct {
	Shop string `help:"Read shifts, areas, ideal cycles and rules of the machines from this JSON file, and again when it changes." placeholder:"FILE" env:"FACTORYDASH_SHOP"`
}

// openShop reads the shop file and looks after it. Without one nothing is said of
// the plant; that of the simulated shop is known.
func (n *node) openShop(ctx context.Context) error {
	path := n.shopFile.Shop
	if path == "" {
		said, err := builtInShop(n.simulate)
		n.shop = func() *shop.Shop { return said }
		return err
	}
	source, err := shop.Open(shop.SourceOptions{Path: path, Zone: time.Local, Now: time.Now, Log: n.env.log})
	if err != nil {
		return fmt.Errorf("--shop %s: %w", path, err)
	}
	n.shop = source.Shop
	n.group.Go(func() error { return source.Run(ctx) })
	return nil
}

// builtInShop is what is said of a plant where no file is named.
func builtInShop(simulated bool) (*shop.Shop, error) {
	if !simulated {
		return shop.None(time.Local), nil
	}
	said, err := shop.Parse(simulate.PlantFile(), time.Local)
	if err != nil {
		return nil, fmt.Errorf("the simulated shop's: %w", err)
	}
	return said, nil
}

// stateRules gives the rules of the machines' states for a command that derives them.
func (f shopFlags) stateRules() (func(slug string) insight.Rules, error) {
	if f.Shop == "" {
		return nil, nil //nolint:nilnil // Nothing is said, and nothing is wrong.
	}
	said, err := shop.ReadFile(f.Shop, time.Local, time.Now())
	if err != nil {
		return nil, fmt.Errorf("--shop %s: %w", f.Shop, err)
	}
	return stateRulesOf(func() *shop.Shop { return said }), nil
}

// stateRulesOf gives the rules that a shop has for the states of a machine.
func stateRulesOf(said func() *shop.Shop) func(slug string) insight.Rules {
	return func(slug string) insight.Rules { return said().Machine(slug).Rules }
}

// checkShop says for people what the file holds, or what is wrong with it.
func (f shopFlags) checkShop(simulated bool) (string, error) {
	if f.Shop == "" {
		if simulated {
			return "none (that of the simulated shop is used)", nil
		}
		return "none (no shifts, and the zone of this computer)", nil
	}
	said, err := shop.ReadFile(f.Shop, time.Local, time.Now())
	if err != nil {
		return f.Shop, err
	}
	shifts := "none"
	if names := said.Calendar.Names(); len(names) > 0 {
		shifts = strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s (zone %s; shifts: %s; %d machines in %d areas)", f.Shop, said.Zone, shifts, len(said.Machines), len(said.Areas)), nil
}
