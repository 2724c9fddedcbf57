package collect

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// round looks at who there is, takes and gives back what is to be, and releases
// what has stopped. A worker that is ending only renews.
func (h *Holder) round(ctx context.Context, ending bool) {
	crew, err := h.ask(ctx)
	h.tell(err)
	if err != nil || ending {
		return
	}
	h.metrics.see(crew)
	if take := h.adopt(crew); len(take) > 0 {
		h.take(ctx, take)
	}
	h.release(ctx)
	h.partFromLost()
}

// ask renews the leases where it is time, and otherwise only looks.
func (h *Holder) ask(ctx context.Context) (store.Crew, error) {
	ctx, cancel := context.WithTimeout(ctx, RenewInterval)
	defer cancel()
	asked := time.Now()
	if asked.Sub(h.renewed) < RenewInterval {
		return h.leases.Crew(ctx)
	}
	crew, err := h.leases.Renew(ctx, h.me, LeaseTime)
	if err != nil {
		return crew, err
	}
	h.renewed = asked
	h.mu.Lock()
	defer h.mu.Unlock()
	h.good = asked.Add(LeaseTime - LeaseMargin)
	if h.lapse != nil {
		h.lapse.Stop()
	}
	h.lapse = time.AfterFunc(time.Until(h.good), h.runOut)
	return crew, nil
}

// tell logs when the store begins to fail, and when it answers again.
func (h *Holder) tell(err error) {
	h.mu.Lock()
	failing := h.fault != nil
	h.fault = err
	h.mu.Unlock()
	switch {
	case err != nil && !failing:
		h.log.Warn("leases cannot be renewed or looked at", slog.Any("error", err))
	case err == nil && failing:
		h.log.Info("leases can be renewed again")
	}
}

// runOut stops all reading when the leases are not good any more.
func (h *Holder) runOut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Now().Before(h.good) || len(h.reading) == 0 {
		return
	}
	h.log.Warn("leases have run out: other workers may take the agents over", slog.Int("agents", len(h.reading)))
	h.metrics.lapsed.Inc()
	h.lapsed = h.capture.Status()
	for i := range h.lapsed {
		s := &h.lapsed[i]
		s.Link, s.Since, s.Retry = plant.LinkWaiting, h.opts.Capture.Now(), time.Time{}
		s.Error = lapseText(h.fault)
		s.Rate, s.Horizon, s.DelayP95 = 0, plant.Span{}, plant.Span{}
		h.opts.Capture.Status(*s)
	}
	h.read(nil)
}

// lapseText says why a worker has stopped to capture. Without a fault it has stood
// still.
func lapseText(fault error) string {
	if fault == nil {
		return "the lease has run out, and so another worker may capture the agent"
	}
	return "the store is away, and so it is not known whether another worker captures the agent: " + escape(fault.Error(), maxErrorText)
}

// adopt takes what the store says, and gives the agents to take.
func (h *Holder) adopt(crew store.Crew) (take []plant.AgentID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := share{
		me: h.me.ID, holders: make(map[plant.AgentID]string, len(crew.Leases)),
		giving: make(map[plant.AgentID]bool, len(h.giving)),
	}
	for _, w := range crew.Workers {
		if w.Left > 0 {
			s.workers = append(s.workers, w.ID)
		}
	}
	before := h.held
	h.held = make(map[plant.AgentID]store.Lease, len(before))
	for _, l := range crew.Leases {
		s.holders[l.Agent] = l.Worker
		if l.Worker == h.me.ID {
			h.held[l.Agent] = l
		}
	}
	lost := 0
	for id := range before {
		if _, ok := h.held[id]; !ok {
			lost++
			h.lost[id] = h.agent(id)
			delete(h.giving, id)
		}
	}
	if lost > 0 {
		h.metrics.lost.Add(float64(lost))
		h.log.Warn("leases were lost", slog.Int("agents", lost))
	}
	if h.wanted == nil {
		return nil
	}
	for id, a := range h.wanted {
		if a.Configured {
			s.shared = append(s.shared, id)
		} else {
			s.own = append(s.own, id)
		}
	}
	for id := range h.giving {
		s.giving[id] = true
	}
	s.stale = h.stale(&s)
	s.keeps = time.Now().Before(h.keep)
	take, give := s.plan()
	if slices.ContainsFunc(take, func(id plant.AgentID) bool { return s.stale[id] }) {
		h.keep = time.Now().Add(keepTime)
	}
	for _, id := range give {
		h.giving[id] = h.agent(id)
	}
	if len(give) > 0 {
		h.log.Info("agents are given back", slog.Int("agents", len(give)))
	}
	h.readHeld()
	return take
}

// agent gives an agent that is held; its name is not known any more where it was
// removed before it was read.
func (h *Holder) agent(id plant.AgentID) plant.Agent {
	if a, ok := h.wanted[id]; ok {
		return a
	}
	for _, a := range h.reading {
		if a.ID == id {
			return a
		}
	}
	return plant.Agent{ID: id}
}

// stale gives the agents that have been free for long.
func (h *Holder) stale(s *share) map[plant.AgentID]bool {
	free, stale := make(map[plant.AgentID]time.Time), make(map[plant.AgentID]bool)
	now := time.Now()
	for _, id := range s.shared {
		if s.holders[id] != "" {
			continue
		}
		free[id] = now
		if since, ok := h.free[id]; ok {
			free[id] = since
			stale[id] = now.Sub(since) >= staleAfter
		}
	}
	h.free = free
	return stale
}

// take takes leases and reads their agents.
func (h *Holder) take(ctx context.Context, agents []plant.AgentID) {
	ctx, cancel := context.WithTimeout(ctx, RenewInterval)
	defer cancel()
	taken, err := h.leases.Take(ctx, h.me.ID, agents, LeaseTime)
	if err != nil {
		// What the store may have given all the same is seen at the next look.
		h.tell(err)
		return
	}
	if len(taken) == 0 {
		return
	}
	h.log.Info("agents are taken over", slog.Int("agents", len(taken)))
	h.metrics.taken.Add(float64(len(taken)))
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, l := range taken {
		h.held[l.Agent] = l
	}
	h.readHeld()
}

// readHeld has the supervisor read what is held and not about to be given, as
// long as the leases are good.
func (h *Holder) readHeld() {
	if !time.Now().Before(h.good) {
		return // runOut has stopped it all, or is about to.
	}
	var agents []plant.Agent
	for id := range h.held {
		a, wanted := h.wanted[id]
		if _, giving := h.giving[id]; wanted && !giving {
			agents = append(agents, a)
		}
	}
	h.lapsed = nil
	h.read(agents)
}

// read tells the supervisor what to read, where that is something new.
func (h *Holder) read(agents []plant.Agent) {
	slices.SortFunc(agents, func(a, b plant.Agent) int { return int(a.ID) - int(b.ID) })
	h.metrics.held.Set(float64(len(agents)))
	if slices.Equal(agents, h.reading) {
		return
	}
	h.reading = agents
	h.capture.SetAgents(agents)
}

// release releases the leases of agents that have stopped.
func (h *Holder) release(ctx context.Context) {
	var leases []store.Lease
	h.mu.Lock()
	for id, a := range h.giving {
		if !h.capture.Reads(a) {
			leases = append(leases, h.held[id])
		}
	}
	h.mu.Unlock()
	if len(leases) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, RenewInterval)
	defer cancel()
	if err := h.leases.Release(ctx, leases); err != nil {
		h.tell(err) // It is tried again at the next look.
		return
	}
	h.metrics.released.Add(float64(len(leases)))
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, l := range leases {
		delete(h.held, l.Agent)
		delete(h.giving, l.Agent)
		h.part(l.Agent)
	}
}

// partFromLost tells of agents whose leases were lost, when they have stopped. One
// that was taken again meanwhile is not lost any more.
func (h *Holder) partFromLost() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, a := range h.lost {
		switch _, held := h.held[id]; {
		case held:
			delete(h.lost, id)
		case !h.capture.Reads(a):
			delete(h.lost, id)
			h.part(id)
		}
	}
}

// part tells what becomes of an agent that this worker has stopped for good.
func (h *Holder) part(id plant.AgentID) {
	if _, ok := h.wanted[id]; ok {
		h.opts.HandedOver(id)
	} else {
		h.opts.Removed(id)
	}
}
