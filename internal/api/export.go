package api

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// Format is how an export is written.
type Format string

// The formats.
const (
	// JSONLines is a Record as a JSON object on each line.
	JSONLines Format = "jsonl"
	// CSV is a line of column names and then a Record on each line, as RFC 4180
	// has it. An unavailable value is empty; a text that is empty is "".
	CSV Format = "csv"
)

// ExportOptions says what is exported and how. What is not set does not filter.
type ExportOptions struct {
	// Format is JSONLines where it is empty.
	Format Format
	// Agent is the name of an agent, Machine the slug or the name of a machine.
	Agent, Machine string
	// From and To bound the agents' timestamps: From ≤ time < To.
	From, To time.Time
	// Progress, where it is set, is called now and then with how many
	// observations have been written.
	Progress func(n int64)
}

// progressEvery is after how many observations Progress is called.
const progressEvery = 10_000

// Export writes the stored observations in order of agent, instance, epoch and
// sequence and gives how many there were. It holds no more than a few of them in
// memory. Beside the errors of the reader and of w, there are Invalid and
// NotFound for what the options say.
func Export(ctx context.Context, r store.Reader, w io.Writer, o ExportOptions) (int64, error) {
	e := &exporter{reader: r, options: o, from: math.MinInt64, to: math.MaxInt64}
	if !o.From.IsZero() {
		e.from = o.From.UnixMicro()
	}
	if !o.To.IsZero() {
		e.to = o.To.UnixMicro()
	}
	out := bufio.NewWriterSize(w, 1<<16)
	switch o.Format {
	case JSONLines, "":
		e.append = make(labels).appendJSONLine
	case CSV:
		e.append = appendCSVLine
		e.line = appendCSVHeader(nil)
	default:
		return 0, plant.Errorf(plant.Invalid, "format %s: use jsonl or csv", quote(string(o.Format)))
	}
	if err := e.load(ctx); err != nil {
		return 0, err
	}
	if _, err := out.Write(e.line); err != nil {
		return 0, fmt.Errorf("write the export: %w", err)
	}
	for _, run := range e.inventory.runs {
		if err := e.export(ctx, out, run); err != nil {
			return e.written, err
		}
	}
	if err := out.Flush(); err != nil {
		return e.written, fmt.Errorf("write the export: %w", err)
	}
	return e.written, nil
}

// exporter is an export under way.
type exporter struct {
	reader    store.Reader
	options   ExportOptions
	from, to  int64
	append    func(b []byte, it *item, run *plant.Run, o plant.Observation) []byte
	inventory *inventory
	wanted    map[plant.DeviceID]bool
	line      []byte
	written   int64
}

// load reads what there is and what of it is wanted.
func (e *exporter) load(ctx context.Context) error {
	in, err := loadInventory(ctx, e.reader)
	if err != nil {
		return err
	}
	o := e.options
	if o.Agent != "" && !slices.ContainsFunc(in.agents, func(a *agent) bool { return a.Name == o.Agent }) {
		return plant.Errorf(plant.NotFound, "agent: there is none called %s", quote(o.Agent))
	}
	e.inventory, e.wanted = in, make(map[plant.DeviceID]bool)
	for _, m := range in.machines {
		if (o.Agent == "" || m.agent.Name == o.Agent) && (o.Machine == "" || m.Slug == o.Machine || m.Name == o.Machine) {
			e.wanted[m.ID] = true
		}
	}
	if o.Machine != "" && len(e.wanted) == 0 {
		return plant.Errorf(plant.NotFound, "machine: there is none with the slug or the name %s", quote(o.Machine))
	}
	return nil
}

// export writes the observations of a run.
func (e *exporter) export(ctx context.Context, out *bufio.Writer, run plant.Run) error {
	a := e.inventory.byAgent[run.Agent]
	if a == nil || !slices.ContainsFunc(a.machines, func(m *machine) bool { return e.wanted[m.ID] }) {
		return nil
	}
	for o, err := range e.reader.Observations(ctx, run.ID, 0) {
		if err != nil {
			return err
		}
		it, err := e.item(ctx, o.Item)
		if err != nil {
			return err
		}
		if !e.wanted[it.machine.ID] || o.Time < e.from || o.Time >= e.to {
			continue
		}
		e.line = e.append(e.line[:0], it, &run, o)
		if _, err := out.Write(e.line); err != nil {
			return fmt.Errorf("write the export: %w", err)
		}
		e.written++
		if e.options.Progress != nil && e.written%progressEvery == 0 {
			e.options.Progress(e.written)
		}
	}
	return nil
}

// item gives a data item, which may have been added since the export began.
func (e *exporter) item(ctx context.Context, id plant.ItemID) (*item, error) {
	if it := e.inventory.byItem[id]; it != nil {
		return it, nil
	}
	if err := e.load(ctx); err != nil {
		return nil, err
	}
	if it := e.inventory.byItem[id]; it != nil {
		return it, nil
	}
	return nil, fmt.Errorf("the store has observations of a data item it does not have: %d", id)
}
