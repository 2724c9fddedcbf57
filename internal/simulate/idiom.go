package simulate

// idiom is the way in which the agents of a time spoke: which words of the
// standard a device model uses.
type idiom struct {
	// schema is the version of the standard, version the build of the agent.
	schema, version string
	// spindleSpeed, line and tool are the types for these.
	spindleSpeed, line, tool string
	// overrideSamples is true where overrides are samples of subtype OVERRIDE,
	// as before schema 1.3 and in many models since.
	overrideSamples bool
	// equipmentTimers is true where there is EQUIPMENT_TIMER; before it vendors
	// made their own subtypes of ACCUMULATED_TIME.
	equipmentTimers bool
	// partSubTypes is true where parts are counted by subtype.
	partSubTypes bool
	// structured is true where there are data sets and tables.
	structured bool
	// waiting is the Execution of a path that waits for the other one.
	waiting string
	// agentDevice is true where agents show themselves as a device.
	agentDevice bool
	// functionalMode is true where a machine says whether it produces.
	functionalMode bool
}

// The idioms of the shop's agents.
var (
	classic = idiom{
		schema: "1.4", version: "1.4.0.12",
		spindleSpeed: "SPINDLE_SPEED", line: "LINE", tool: "TOOL_ID",
		overrideSamples: true, waiting: active,
	}
	middle = idiom{
		schema: "1.8", version: "1.8.0.3",
		spindleSpeed: "ROTARY_VELOCITY", line: "LINE_NUMBER", tool: "TOOL_NUMBER",
		equipmentTimers: true, partSubTypes: true, structured: true, functionalMode: true, agentDevice: true,
		waiting: waiting,
	}
	modern = idiom{
		schema: "2.2", version: "2.2.0.17",
		spindleSpeed: "ROTARY_VELOCITY", line: "LINE_NUMBER", tool: "TOOL_NUMBER",
		equipmentTimers: true, partSubTypes: true, structured: true, functionalMode: true, agentDevice: true,
		waiting: waiting,
	}
)
