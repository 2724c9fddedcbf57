package store

import (
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
)

// CheckReplacement reports what is wrong with the state changes that ReplaceStates is
// given, as Invalid. Every store calls it before it looks at what it holds.
func CheckReplacement(device plant.DeviceID, from int64, changes []plant.StateChange) error {
	for _, c := range changes {
		if c.Device != device || c.Time < from {
			return plant.Errorf(plant.Invalid, "state change of device %d at %d: it stands among those of device %d from %d on", c.Device, c.Time, device, from)
		}
	}
	return nil
}

// CheckUnmoved gives a Conflict where the runs of an agent are not any more what they
// were: something was stored since, or retention has deleted some of it. Both are in
// the order of their IDs. Every store calls it within the transaction that depends on it.
func CheckUnmoved(before, now []plant.Run) error {
	if slices.Equal(before, now) {
		return nil
	}
	return plant.Errorf(plant.Conflict, "the agent was captured meanwhile, or retention deleted some of it: stop what captures it, and try again")
}
