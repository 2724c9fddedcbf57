package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/factorydash/factorydash/internal/collect"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/recording"
	"github.com/factorydash/factorydash/mtconnect"
)

type importCommand struct {
	retentionFlags
	shopFlags
	Files   []string `arg:"" name:"file" help:"Recorded MTConnectStreams documents (.xml, .gz, .tgz) or files of SHDR lines (.txt, .gz) in the order of time." type:"existingfile"`
	Devices string   `help:"MTConnectDevices document of the agent. SHDR needs it; without it, data items of documents are in no device model." type:"existingfile" placeholder:"FILE"`
	Agent   string   `help:"Name of the agent in the store. Without it, documents get that of their file and SHDR that of its device." placeholder:"NAME"`
	Device  string   `help:"The device that SHDR files are of; without it, the one whose name their names begin with." placeholder:"NAME"`
	Damaged bool     `name:"skip-damaged" help:"Pass over what cannot be read; otherwise the import ends there and goes on when it is run again."`
}

// recordedAgent is the URL of an agent that nobody reads: what it said came in a
// recording.
const recordedAgent = "http://recording.invalid/"

// Run imports the files, and prints a summary. It fails where not all of them
// could be imported; what is imported stays, and the next run goes on from there.
func (c *importCommand) Run(ctx context.Context, env *environment) error {
	imports, err := c.imports()
	if err != nil {
		return err
	}
	policy, err := c.policy()
	if err != nil {
		return err
	}
	rules, err := c.stateRules()
	if err != nil {
		return err
	}
	st, err := env.openStore(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	agents := make([]plant.Agent, len(imports))
	for n, i := range imports {
		if agents[n], err = importedAgent(ctx, st, i.agent); err != nil {
			return err
		}
	}
	progress := newProgress(env.stderr, "imported")
	options := collect.Options{
		Store: st, Ledger: st, Rules: rules, Log: env.log,
		Publish: func(change plant.Change) { progress.add(int64(change.Observations)) },
	}
	table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "AGENT\tFILES\tSTORED\tGAPS\tLOST\tRESULT")
	failed := false
	var notes []string
	for n, i := range imports {
		agent := agents[n]
		done, err := i.run(ctx, options, agent)
		verdict := "ok"
		if err != nil {
			failed = true
			verdict = err.Error()
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%s\n", agent.Name, done.Files, done.Observations, done.Gaps, done.Lost, verdict)
		for _, name := range done.PassedOver {
			fmt.Fprintf(table, "\t\t\t\t\tpassed over: %s\n", name)
		}
		if days := policy.For(agent.Name); done.Observations > 0 {
			notes = append(notes, retentionNote(agent.Name, days, done.Oldest)...)
		}
		if ctx.Err() != nil {
			break
		}
	}
	progress.done()
	if err := table.Flush(); err != nil {
		return err
	}
	for _, note := range notes {
		fmt.Fprintln(env.stdout, note)
	}
	if failed {
		return errSilent
	}
	return nil
}

// retentionNote says that what was imported is older than observations are kept,
// where it is.
func retentionNote(agent string, days int, oldest int64) []string {
	at := time.UnixMicro(oldest).UTC()
	if days == 0 || time.Since(at) < time.Duration(days)*24*time.Hour {
		return nil
	}
	return []string{fmt.Sprintf("note: %s has observations of %s, which a retention of %d days deletes; FACTORYDASH_AGENT_RETENTION=%s=0 where factorydash runs keeps them",
		agent, at.Format(time.DateOnly), days, agent)}
}

// agentImport is what is imported into one agent.
type agentImport struct {
	agent string
	run   func(context.Context, collect.Options, plant.Agent) (collect.Imported, error)
}

// imports says what the files are: documents of one agent, or lines of one device
// or more, each of which becomes an agent.
func (c *importCommand) imports() ([]agentImport, error) {
	var devices []byte
	if c.Devices != "" {
		var err error
		if devices, err = os.ReadFile(c.Devices); err != nil {
			return nil, fmt.Errorf("--devices: %w", err)
		}
	}
	lines := 0
	for _, path := range c.Files {
		is, err := recording.IsLines(path)
		if err != nil {
			return nil, err
		}
		if is {
			lines++
		}
	}
	switch lines {
	case 0:
		return c.documents(devices)
	case len(c.Files):
		return c.lines(devices)
	default:
		return nil, plant.Errorf(plant.Invalid, "documents and files of SHDR lines are among the files: import them apart")
	}
}

func (c *importCommand) documents(devices []byte) ([]agentImport, error) {
	name := c.Agent
	if name == "" {
		name = commonName(c.Files)
	}
	if name == "" {
		return nil, plant.Errorf(plant.Invalid, "--agent: the names of the files have no beginning in common: name the agent")
	}
	return []agentImport{{name, func(ctx context.Context, o collect.Options, a plant.Agent) (collect.Imported, error) {
		return collect.ImportDocuments(ctx, o, collect.DocumentImport{
			Agent: a, Devices: devices, Documents: recording.Documents(c.Files...), PassOverDamaged: c.Damaged,
		})
	}}}, nil
}

func (c *importCommand) lines(devices []byte) ([]agentImport, error) {
	if len(devices) == 0 {
		return nil, plant.Errorf(plant.Invalid, "--devices: files of SHDR lines need the MTConnectDevices document of the agent that read them")
	}
	doc, err := mtconnect.ParseDevices(devices, mtconnect.Limits{})
	if err != nil {
		return nil, fmt.Errorf("--devices %s: %w", c.Devices, err)
	}
	var order []string // devices as they come
	files := make(map[string][]string)
	for _, path := range c.Files {
		device := c.Device
		if device == "" {
			if device = deviceOf(doc, recording.Name(path)); device == "" {
				return nil, plant.Errorf(plant.Invalid, "--device: the name of %s begins with none of the devices in %s: name the device", path, c.Devices)
			}
		}
		if files[device] == nil {
			order = append(order, device)
		}
		files[device] = append(files[device], path)
	}
	if c.Agent != "" && len(order) > 1 {
		return nil, plant.Errorf(plant.Invalid, "--agent: the files are of the devices %s, each of which becomes an agent: import them apart, or without --agent", strings.Join(order, ", "))
	}
	var imports []agentImport
	for _, device := range order {
		name := c.Agent
		if name == "" {
			name = validAgentName(device)
		}
		imports = append(imports, agentImport{name, func(ctx context.Context, o collect.Options, a plant.Agent) (collect.Imported, error) {
			return collect.ImportLines(ctx, o, collect.LineImport{
				Agent: a, Devices: devices, Device: device, Files: recording.Documents(files[device]...), PassOverDamaged: c.Damaged,
			})
		}})
	}
	return imports, nil
}

// deviceOf gives the device with the longest name that the name of a file begins
// with; empty where there is none.
func deviceOf(doc *mtconnect.Devices, file string) string {
	best := ""
	for i := range doc.Devices {
		name := doc.Devices[i].Name
		rest, ok := strings.CutPrefix(file, name)
		ends := rest == "" || !unicode.IsLetter(rune(rest[0])) && !unicode.IsDigit(rune(rest[0]))
		if ok && ends && len(name) > len(best) {
			best = name
		}
	}
	return best
}

// commonName makes the name of an agent out of those of its files: the file's
// without its ending, or what the names of several begin with, without the digits
// at the end of that.
func commonName(paths []string) string {
	name := strings.TrimSuffix(recording.Name(paths[0]), ".xml")
	for _, path := range paths[1:] {
		other := recording.Name(path)
		for !strings.HasPrefix(other, name) {
			name = name[:len(name)-1]
		}
	}
	if len(paths) > 1 {
		name = strings.TrimRight(name, "0123456789")
	}
	return validAgentName(name)
}

// validAgentName makes a name that an agent can have out of another one.
func validAgentName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			return r
		default:
			return '-'
		}
	}, name)
	name = strings.Trim(name, ".-_")
	return name[:min(len(name), 64)]
}

// importedAgent gives the agent with a name; it makes one where there is none. An
// agent that is captured is not imported into: two would be at one cursor.
func importedAgent(ctx context.Context, st dataStore, name string) (plant.Agent, error) {
	agents, err := st.Agents(ctx)
	if err != nil {
		return plant.Agent{}, err
	}
	i := slices.IndexFunc(agents, func(a plant.Agent) bool { return a.Name == name })
	switch {
	case i < 0:
		return st.PutAgent(ctx, plant.Agent{Name: name, URL: recordedAgent + name})
	case agents[i].Configured:
		return plant.Agent{}, plant.Errorf(plant.Invalid, "--agent %s: this agent was added to be captured: import into another one", name)
	default:
		return agents[i], nil
	}
}
