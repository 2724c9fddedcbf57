package simulate

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// tool is a tool in the magazine.
type tool struct {
	// wear goes from 0 to 1 in its life; used counts its uses, of which it
	// stands about life.
	wear       float64
	used, life int
	// sister counts the tools that were there before it.
	sister int
	asset  mtconnect.Asset
}

// wornAt is the wear at which people are told.
const wornAt = 0.9

// fillMagazine puts in the tools of all programs. They have been in use
// before, as tools have.
func (m *machine) fillMagazine() {
	if !m.kind.tooled {
		return
	}
	for i := range m.kind.programs {
		for _, op := range m.kind.programs[i].ops {
			if m.tools[op.tool] != nil {
				continue
			}
			t := &tool{life: m.toolLife(&m.kind.programs[i]), wear: 0.8 * m.behave.Float64()}
			t.used = int(t.wear * float64(t.life))
			m.tools[op.tool] = t
			m.publishTool(op.tool)
		}
	}
}

// toolLife is how many parts of a program a new tool is good for: those of
// some hours.
func (m *machine) toolLife(p *program) int {
	return max(5, int(m.behave.between(5, 18)*float64(time.Hour)/float64(p.length())))
}

// wearTools wears what the finished part has used.
func (m *machine) wearTools() {
	if !m.kind.tooled {
		return
	}
	for _, op := range m.order.program.ops {
		t := m.tools[op.tool]
		t.used++
		t.wear += m.behave.factor(0.3) / float64(t.life)
		if t.wear >= wornAt {
			m.adapter.raise(m.panel.conditions["system"], toolAlarm(op.tool))
		}
	}
}

// toolAlarm is the warning of one tool: each has its own code, so that several
// can be worn at a time.
func toolAlarm(number int) alarm {
	al := toolWorn
	al.code += "." + strconv.Itoa(number)
	al.text += ", T" + strconv.Itoa(number)
	return al
}

// wornTool gives the number of a tool whose life is over, 0 where there is
// none.
func (m *machine) wornTool() int {
	for _, number := range slices.Sorted(maps.Keys(m.tools)) {
		if m.tools[number].wear >= 1 {
			return number
		}
	}
	return 0
}

// changeTool is the change of a worn tool: by a person, or to its sister in
// the magazine.
func (m *machine) changeTool(number int, attended bool) []step {
	change := step{lasts: m.behave.about(12*time.Second, 0.3), execution: active, mode: automatic, override: m.override}
	if attended {
		change.lasts, change.execution, change.mode = m.behave.about(150*time.Second, 0.4), ready, manual
	}
	change.end = func() { m.replaceTool(number) }
	return []step{change}
}

func (m *machine) replaceTool(number int) {
	old := m.tools[number]
	old.asset.Removed = true
	m.assets = append(m.assets, old.asset)
	m.adapter.tell(m.panel.assetRemoved, old.asset.ID, toolDetail)
	m.tools[number] = &tool{life: m.toolLife(m.order.program), sister: old.sister + 1}
	m.publishTool(number)
	m.adapter.clear(m.panel.conditions["system"], toolAlarm(number).code)
}

// toolDetail says what kind of asset an event is about.
var toolDetail = &agent.Detail{Attributes: []agent.Attribute{{Name: "assetType", Value: "CuttingTool"}}}

// publishTool tells the agent of a tool as an asset.
func (m *machine) publishTool(number int) {
	t := m.tools[number]
	id := fmt.Sprintf("%s-T%02d-%d", m.name, number, t.sister+1)
	at := time.UnixMicro(m.agenda.now).Add(m.skew).UTC()
	status := "NEW"
	if t.used > 0 {
		status = "USED"
	}
	content := fmt.Sprintf(`<CuttingTool assetId=%q timestamp=%q deviceUuid=%q serialNumber="%d%02d" toolId="%d">`+
		`<Description>Tool %d of %s</Description><CuttingToolLifeCycle><CutterStatus><Status>%s</Status></CutterStatus>`+
		`<ToolLife type="PART_COUNT" countDirection="UP" initial="0" limit="%d">%d</ToolLife>`+
		`<ProgramToolNumber>%d</ProgramToolNumber></CuttingToolLifeCycle></CuttingTool>`,
		id, at.Format(time.RFC3339Nano), m.device.UUID, t.sister+1, number, number,
		number, m.name, status, t.life, t.used, number)
	t.asset = mtconnect.Asset{
		Type: "CuttingTool", ID: id, DeviceUUID: m.device.UUID, Timestamp: at, Content: []byte(content),
	}
	m.assets = append(m.assets, t.asset)
	m.adapter.tell(m.panel.assetChanged, id, toolDetail)
}
