package simulate

import (
	"strings"

	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// agentDevice makes the device by which an agent speaks of itself: that it is
// there, and which of its adapters are connected. It gives each machine's
// adapter the signal of its connection. Agents have had one since schema 1.7.
func (h *hall) agentDevice() mtconnect.Device {
	id := "agent_" + strings.ReplaceAll(h.name, "-", "_")
	adapters := mtconnect.Component{Type: "Adapters", ID: id + "_adapters", Name: "adapters"}
	for _, m := range h.machines {
		item := mtconnect.DataItem{
			ID: m.device.ID + "_connection", Name: m.name + "_connection",
			Category: mtconnect.Event, Type: "CONNECTION_STATUS",
		}
		adapters.Components = append(adapters.Components, mtconnect.Component{
			Type: "Adapter", ID: m.device.ID + "_adapter", Name: m.name, DataItems: []mtconnect.DataItem{item},
		})
		m.adapter.connection = &signal{id: item.ID, category: item.Category}
	}
	return mtconnect.Device{
		Component: mtconnect.Component{
			Type: "Agent", ID: id, Name: "Agent-" + h.name, Components: []mtconnect.Component{adapters},
			DataItems: []mtconnect.DataItem{{
				ID: id + "_avail", Name: id + "_avail", Category: mtconnect.Event, Type: "AVAILABILITY",
			}},
		},
		UUID: uuid("agent of " + h.name), IsAgent: true,
	}
}

// announce makes the first observation of an agent: it is there.
func announce(d *mtconnect.Device, at int64) agent.Observation {
	return agent.Observation{Time: at, DataItemID: d.DataItems[0].ID, Value: "AVAILABLE"}
}
