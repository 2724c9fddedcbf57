package simulate

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// Defaults and limits of a [Shop].
const (
	// DefaultMachines is how many machines the standard shop has.
	DefaultMachines = 10
	// MaxMachines is the most machines a shop may have.
	MaxMachines = 1000
	// DefaultHistory is how long before now a shop begins where
	// ShopConfig.Start is zero.
	DefaultHistory = 8 * time.Hour
	// MaxHistory is how long before now a shop may begin.
	MaxHistory = 14 * 24 * time.Hour
	// DefaultRate is about how many observations a second one machine gives.
	DefaultRate = usualRate
	// MinRate and MaxRate bound the rate that may be asked for.
	MinRate = 0.1
	MaxRate = 20
	// An agent's buffer holds DefaultHistory within these bounds.
	minBuffer = 1 << 18
	maxBuffer = 1 << 20
)

// assetsPerMachine is how many assets an agent holds for each of its machines.
const assetsPerMachine = 64

// DefaultTick is how often [Shop.Run] goes on.
const DefaultTick = 250 * time.Millisecond

// stretch is the most time that is simulated between two hand-overs to the
// agents: it bounds what is in between.
const stretch = time.Minute

// ShopConfig is what a [Shop] starts from. Zero fields mean the defaults.
type ShopConfig struct {
	// Seed chooses everything that is left to chance.
	Seed uint64
	// Machines is how many machines there are, 1 to MaxMachines (default
	// DefaultMachines). More than the standard shop has are more of the same
	// kinds, served by the same agents.
	Machines int
	// Start is when the history begins and the agents were started (default
	// DefaultHistory before now). It is cut to whole seconds.
	Start time.Time
	// InstanceID is that of all agents (default: Start in seconds since 1970,
	// as agents do). A shop that is started again with the same Seed, Start and
	// InstanceID goes on as the same instance with the same sequence numbers.
	InstanceID uint64
	// Rate is about how many observations a second each machine gives, MinRate
	// to MaxRate (default DefaultRate). What the machines do is the same at
	// every rate; only how often it is measured differs.
	Rate float64
	// Zone is where the shop is: it says when the shifts are (default UTC).
	Zone *time.Location
	// Now is the clock (default [time.Now]).
	Now func() time.Time
}

// Shop is a simulated factory. Its agents may be used from any goroutine; its
// own methods from one at a time.
type Shop struct {
	now   func() time.Time
	halls []*hall
	// to is the time until which it has worked.
	to time.Time
}

// ShopAgent is one of the agents of a shop.
type ShopAgent struct {
	// Name is what to call it, such as "hall-a".
	Name   string
	Source agent.Source
	// Namespaces are those beside the standard's that its devices use: an agent
	// over the source needs them to give vendors' elements a prefix.
	Namespaces []agent.Namespace
}

// hall is a part of the shop with an agent of its own.
type hall struct {
	hallSpec
	machines []*machine
	ring     *agent.Ring
	// said is what the agent itself has said and not yet handed over.
	said []agent.Observation
}

// hallSpec is what a hall is.
type hallSpec struct {
	name  string
	idiom *idiom
	// skew is by how much the clock of its agent is fast.
	skew time.Duration
}

// FirstHall is the name of the agent that every shop has.
const FirstHall = "hall-a"

// The halls of the standard shop.
var hallSpecs = []hallSpec{
	{name: FirstHall, idiom: &modern},
	{name: "hall-b", idiom: &classic},
	{name: "hall-c", idiom: &middle, skew: 95 * time.Second},
}

// vendor is the namespace of types that the standard does not have.
var vendor = agent.Namespace{Prefix: "x", URI: "urn:factorydash:SimulatedShop:1.0"}

// standardShop lists the machines by hall.
var standardShop = []struct {
	kind *kind
	hall int
}{
	{&fiveAxisMill, 0},
	{&twinLathe, 1},
	{&millTurn, 2},
	{&robotCell, 0},
	{&wireEDM, 2},
	{&mill, 0},
	{&barLathe, 1},
	{&palletMill, 2},
	{&grinder, 1},
	{&mill, 0},
}

// NewShop makes a shop whose agents hold everything from the start until now.
// It returns an error that names the field where the configuration is wrong.
func NewShop(c ShopConfig) (*Shop, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	s := &Shop{now: c.Now, to: c.Start}
	for _, spec := range hallSpecs {
		s.halls = append(s.halls, &hall{hallSpec: spec})
	}
	counts := make(map[string]int)
	for i := range c.Machines {
		place := standardShop[i%len(standardShop)]
		counts[place.kind.prefix]++
		h := s.halls[place.hall]
		h.machines = append(h.machines, newMachine(machineConfig{
			name: fmt.Sprintf("%s-%02d", place.kind.prefix, counts[place.kind.prefix]),
			kind: place.kind, idiom: h.idiom,
			seed: c.Seed, start: c.Start, zone: c.Zone, skew: h.skew,
			interval: time.Duration(float64(baseInterval) * usualRate / c.Rate),
		}))
	}
	s.halls = slices.DeleteFunc(s.halls, func(h *hall) bool { return len(h.machines) == 0 })
	for _, h := range s.halls {
		if err := h.open(c); err != nil {
			return nil, fmt.Errorf("simulated agent %s: %w", h.name, err)
		}
	}
	if err := s.Advance(c.Now()); err != nil {
		return nil, err
	}
	return s, nil
}

// complete puts in the defaults and checks the rest.
func (c *ShopConfig) complete() error {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Machines == 0 {
		c.Machines = DefaultMachines
	}
	if c.Machines < 1 || c.Machines > MaxMachines {
		return fmt.Errorf("simulated shop: Machines %d: must be 1 to %d", c.Machines, MaxMachines)
	}
	if c.Rate == 0 {
		c.Rate = DefaultRate
	}
	if math.IsNaN(c.Rate) || c.Rate < MinRate || c.Rate > MaxRate {
		return fmt.Errorf("simulated shop: Rate %v: must be %v to %d observations a second", c.Rate, MinRate, MaxRate)
	}
	now := c.Now()
	if c.Start.IsZero() {
		c.Start = now.Add(-DefaultHistory)
	}
	c.Start = c.Start.Truncate(time.Second)
	if c.Start.After(now) || now.Sub(c.Start) > MaxHistory {
		return fmt.Errorf("simulated shop: Start %s: must be within the %s before now", c.Start.Format(time.RFC3339), MaxHistory)
	}
	if c.InstanceID == 0 {
		c.InstanceID = uint64(max(1, c.Start.Unix()))
	}
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	return nil
}

// open makes the agent of a hall.
func (h *hall) open(c ShopConfig) error {
	var devices []mtconnect.Device
	for _, m := range h.machines {
		devices = append(devices, m.device)
	}
	if h.idiom.agentDevice {
		d := h.agentDevice()
		devices = append(devices, d)
		h.said = append(h.said, announce(&d, c.Start.UnixMicro()))
	}
	ring, err := agent.NewRing(agent.RingConfig{
		Info: agent.Info{
			Sender: h.name, Version: h.idiom.version, SchemaVersion: h.idiom.schema,
			InstanceID: c.InstanceID, BufferSize: bufferSize(len(h.machines), c.Rate),
			AssetBufferSize: max(agent.DefaultAssetBufferSize, uint64(len(h.machines))*assetsPerMachine),
			ModelChanged:    c.Start.Add(h.skew), ClockSkew: h.skew,
		},
		Devices: devices, Now: c.Now,
	})
	h.ring = ring
	return err
}

// bufferSize is a power of two that holds DefaultHistory of so many machines.
func bufferSize(machines int, rate float64) uint64 {
	need := float64(machines) * rate * DefaultHistory.Seconds()
	size := uint64(minBuffer)
	for float64(size) < need && size < maxBuffer {
		size *= 2
	}
	return size
}

// Agents gives the shop's agents.
func (s *Shop) Agents() []ShopAgent {
	list := make([]ShopAgent, len(s.halls))
	for i, h := range s.halls {
		list[i] = ShopAgent{Name: h.name, Source: h.ring, Namespaces: []agent.Namespace{vendor}}
	}
	return list
}

// Advance lets the shop work until the time to; a time that has passed changes
// nothing. What the agents then hold does not depend on the times at which it
// was called before.
func (s *Shop) Advance(to time.Time) error {
	for s.to.Before(to) {
		s.to = s.to.Add(min(stretch, to.Sub(s.to)))
		for _, h := range s.halls {
			if err := h.advance(s.to.UnixMicro()); err != nil {
				return fmt.Errorf("simulated agent %s: %w", h.name, err)
			}
		}
	}
	return nil
}

// advance brings the machines of a hall to a time and hands over what they
// said, in the order of time.
func (h *hall) advance(to int64) error {
	out := h.said
	h.said = nil
	for _, m := range h.machines {
		m.agenda.run(to)
		out = append(out, m.adapter.take()...)
	}
	slices.SortStableFunc(out, func(a, b agent.Observation) int { return cmp.Compare(a.Time, b.Time) })
	for i := range out {
		out[i].Time += h.skew.Microseconds()
	}
	// An asset is there before the agent says that it has changed.
	if err := h.putAssets(); err != nil {
		return err
	}
	_, err := h.ring.AddAll(out)
	return err
}

func (h *hall) putAssets() error {
	for _, m := range h.machines {
		for _, a := range m.assets {
			if err := h.ring.PutAsset(a); err != nil {
				return err
			}
		}
		m.assets = nil
	}
	return nil
}

// Run lets the shop work with the clock until the context ends, and then
// returns nil.
func (s *Shop) Run(ctx context.Context) error {
	ticker := time.NewTicker(DefaultTick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if err := s.Advance(s.now()); err != nil {
				return err
			}
		}
	}
}
