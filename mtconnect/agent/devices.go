package agent

import (
	"errors"
	"fmt"
	"iter"

	"github.com/factorydash/factorydash/mtconnect"
)

// maxComponentDepth is how deep components of a device may be nested.
const maxComponentDepth = 64

// components gives a component and all below it, each before its children, as
// they stand in a device model.
func components(c *mtconnect.Component) iter.Seq[*mtconnect.Component] {
	return func(yield func(*mtconnect.Component) bool) { walk(c, yield) }
}

func walk(c *mtconnect.Component, yield func(*mtconnect.Component) bool) bool {
	if !yield(c) {
		return false
	}
	for i := range c.Components {
		if !walk(&c.Components[i], yield) {
			return false
		}
	}
	return true
}

func depth(c *mtconnect.Component) int {
	deepest := 0
	for i := range c.Components {
		deepest = max(deepest, depth(&c.Components[i]))
	}
	return deepest + 1
}

// checkDevices reports what keeps device models from being served: missing
// names and ids, and those that stand twice.
func checkDevices(devices []mtconnect.Device) error {
	names := make(map[string]bool)
	ids := make(map[string]bool)
	for i := range devices {
		d := &devices[i]
		if d.UUID == "" {
			return fmt.Errorf("agent: device %d (id %q): uuid is missing", i+1, d.ID)
		}
		if names[d.UUID] || d.Name != "" && names[d.Name] {
			return fmt.Errorf("agent: device %q (uuid %q): another device has the name or uuid", d.Name, d.UUID)
		}
		names[d.Name], names[d.UUID] = true, true
		if depth(&d.Component) > maxComponentDepth {
			return fmt.Errorf("agent: device %q: components are nested deeper than %d", d.Name, maxComponentDepth)
		}
		for c := range components(&d.Component) {
			if err := checkComponent(c, ids); err != nil {
				return fmt.Errorf("agent: device %q: %w", d.Name, err)
			}
		}
	}
	return nil
}

// checkComponent checks one component; ids holds the ids seen so far.
func checkComponent(c *mtconnect.Component, ids map[string]bool) error {
	unique := func(id string) error {
		if id == "" {
			return errors.New("id is missing")
		}
		if ids[id] {
			return fmt.Errorf("id %q stands twice", id)
		}
		ids[id] = true
		return nil
	}
	if err := unique(c.ID); err != nil {
		return fmt.Errorf("component %s %q: %w", c.Type, c.Name, err)
	}
	for i := range c.DataItems {
		d := &c.DataItems[i]
		if err := unique(d.ID); err != nil {
			return fmt.Errorf("data item %s %q: %w", d.Type, d.Name, err)
		}
		if d.Type == "" {
			return fmt.Errorf("data item %q: type is missing", d.ID)
		}
		if d.Category.String() == "" {
			return fmt.Errorf("data item %q: category is missing: must be SAMPLE, EVENT or CONDITION", d.ID)
		}
	}
	return nil
}
