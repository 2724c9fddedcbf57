package collect_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/collect"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// tb is a test, or one run of a property.
type tb interface {
	rapid.TB
	Cleanup(func())
}

// shop is the device model of the agents of these tests.
func shop() []mtconnect.Device {
	return []mtconnect.Device{{
		UUID: "mill-1",
		Component: mtconnect.Component{
			Type: "Device", ID: "d", Name: "Mill",
			DataItems: []mtconnect.DataItem{
				{ID: "avail", Category: mtconnect.Event, Type: "AVAILABILITY"},
			},
			Components: []mtconnect.Component{{
				Type: "Controller", ID: "c", Name: "Control",
				DataItems: []mtconnect.DataItem{
					{ID: "estop", Category: mtconnect.Event, Type: "EMERGENCY_STOP"},
					{ID: "system", Category: mtconnect.Condition, Type: "SYSTEM"},
				},
				Components: []mtconnect.Component{{
					Type: "Path", ID: "p", Name: "Path",
					DataItems: []mtconnect.DataItem{
						{ID: "exec", Category: mtconnect.Event, Type: "EXECUTION"},
						{ID: "mode", Category: mtconnect.Event, Type: "CONTROLLER_MODE"},
						{ID: "program", Category: mtconnect.Event, Type: "PROGRAM"},
						{ID: "vars", Category: mtconnect.Event, Type: "VARIABLE", Representation: mtconnect.DataSet},
						{ID: "feed", Category: mtconnect.Sample, Type: "PATH_FEEDRATE", SubType: "ACTUAL", Units: "MILLIMETER/SECOND"},
					},
				}},
			}},
		},
	}}
}

// machine is an agent behind a proxy that can spoil what it says.
type machine struct {
	*httptest.Server
	t  tb
	mu sync.Mutex
	// lives are all the runs of the agent, the last one is served.
	lives  []*life
	buffer uint64
	faults faults
	// spoilt counts the answers that were spoilt.
	spoilt int
}

// life is one run of an agent, with everything it ever said.
type life struct {
	instance uint64
	ring     *agent.Ring
	handler  *agent.Agent
	said     []agent.Observation // the first has sequence 1
}

// faults say how answers are spoilt. A nil function spoils nothing. They are
// called with the machine locked.
type faults struct {
	// noStream makes the agent one that cannot stream.
	noStream bool
	// clamp makes the agent one that answers from where it can, where it was asked
	// for what it does not hold, and says nothing of it.
	clamp bool
	// noAt makes the agent one that refuses to say what it knew at another time
	// than now; ignoreAt makes it one that says what it knows now in its place.
	noAt, ignoreAt bool
	// refuse gives the status to answer a request with, 0 for a true answer.
	refuse func(*http.Request) int
	// cut gives after how many bytes an answer ends, and whether it does.
	cut func() (int, bool)
	// spoil changes the bytes of an answer; their number must stay. honest keeps it
	// from answers to current.
	spoil  func([]byte) []byte
	honest bool
}

func newMachine(t tb, buffer uint64) *machine {
	m := &machine{t: t, buffer: buffer}
	m.restart(1000)
	m.Server = httptest.NewServer(m)
	t.Cleanup(func() {
		m.life().handler.Close()
		m.CloseClientConnections()
		m.Close()
	})
	return m
}

// restart begins a new run of the agent, with an empty buffer.
func (m *machine) restart(instance uint64) {
	ring, err := agent.NewRing(agent.RingConfig{
		Info:    agent.Info{Sender: "test", Version: "2.0.0.0", SchemaVersion: "2.0", InstanceID: instance, BufferSize: m.buffer},
		Devices: shop(),
	})
	if err != nil {
		m.t.Fatal(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.lives) > 0 {
		m.lives[len(m.lives)-1].handler.Close()
	}
	m.lives = append(m.lives, &life{instance: instance, ring: ring, handler: agent.New(ring, agent.Options{})})
}

func (m *machine) life() *life {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lives[len(m.lives)-1]
}

func (m *machine) spoilBy(f faults) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults = f
}

// say makes the agent say n more things, which can be told from all others. Most
// are of one item, so that a small buffer has nothing of some of the others.
func (m *machine) say(n int) {
	l := m.life()
	more := make([]agent.Observation, 0, n)
	for range n {
		more = append(more, saying(len(l.said)+len(more)))
	}
	m.add(more...)
}

// saying is the k-th thing that an agent says.
func saying(k int) agent.Observation {
	o := agent.Observation{Sequence: uint64(k + 1), Time: int64(k+1) * 1000, DataItemID: "feed", Value: strconv.Itoa(k)}
	switch {
	case k%7 == 0:
		o.DataItemID, o.Value = "exec", []string{"ACTIVE", "READY", "FEED_HOLD", "UNAVAILABLE"}[k/7%4]
	case k%11 == 3:
		o.DataItemID, o.Value = "system", fmt.Sprint("text ", k)
		o.Detail = &agent.Detail{
			Level:      []mtconnect.Level{mtconnect.Fault, mtconnect.Warning, mtconnect.Normal}[k/11%3],
			NativeCode: strconv.Itoa(k / 11 % 4),
		}
		if k/11%17 == 16 {
			o.Detail = &agent.Detail{Level: mtconnect.Unavailable}
		}
	case k%41 == 5:
		o.DataItemID, o.Value = "avail", []string{"AVAILABLE", "AVAILABLE", "UNAVAILABLE"}[k/41%3]
	case k%13 == 6:
		o.DataItemID, o.Value = "vars", ""
		o.Detail = &agent.Detail{Entries: []agent.Entry{
			{Key: fmt.Sprint("v", k/13%5), Value: strconv.Itoa(k)},
			{Key: fmt.Sprint("v", k/13%3+5), Removed: true},
			{Key: fmt.Sprint("v", k/13%7+5), Value: strconv.Itoa(k)},
		}}
		switch k / 13 % 12 {
		case 10:
			o.Detail.ResetTriggered = "DAY"
		case 11:
			o.Detail, o.Value = nil, "UNAVAILABLE"
		}
	case k%101 == 2:
		o.DataItemID, o.Value = "program", fmt.Sprint("O", k)
	}
	return o
}

// add makes the agent say these things, whose sequence numbers follow.
func (m *machine) add(more ...agent.Observation) {
	l := m.life()
	if _, err := l.ring.AddAll(more); err != nil {
		m.t.Error(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	l.said = append(l.said, more...)
}

// ServeHTTP answers as the agent's present run does, spoilt as the faults have
// it.
func (m *machine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	l := m.lives[len(m.lives)-1]
	status := 0
	if m.faults.refuse != nil {
		status = m.faults.refuse(r)
	}
	if m.faults.noStream {
		q := r.URL.Query()
		q.Del("interval")
		q.Del("heartbeat")
		r.URL.RawQuery = q.Encode()
	}
	if q := r.URL.Query(); m.faults.clamp && q.Has("from") {
		first, next := l.ring.Bounds()
		from, _ := strconv.ParseUint(q.Get("from"), 10, 64)
		q.Set("from", strconv.FormatUint(min(max(from, first), next), 10))
		r.URL.RawQuery = q.Encode()
	}
	if q := r.URL.Query(); m.faults.noAt && q.Has("at") {
		status = http.StatusBadRequest
	} else if m.faults.ignoreAt {
		q.Del("at")
		r.URL.RawQuery = q.Encode()
	}
	s := &spoiler{ResponseWriter: w, machine: m, left: -1, current: strings.HasSuffix(r.URL.Path, "/current")}
	if m.faults.cut != nil {
		if n, ok := m.faults.cut(); ok {
			s.left = n
		}
	}
	m.mu.Unlock()
	if status != 0 {
		http.Error(w, "spoilt", status)
		return
	}
	l.handler.ServeHTTP(s, r)
}

// spoiler is an answer on its way through the proxy.
type spoiler struct {
	http.ResponseWriter
	machine *machine
	left    int // bytes until the answer is cut, -1 for never
	current bool
}

func (s *spoiler) Unwrap() http.ResponseWriter { return s.ResponseWriter }

func (s *spoiler) Write(b []byte) (int, error) {
	s.machine.mu.Lock()
	if spoil := s.machine.faults.spoil; spoil != nil && (!s.current || !s.machine.faults.honest) {
		spoilt := spoil(bytes.Clone(b))
		if !bytes.Equal(spoilt, b) {
			s.machine.spoilt++
		}
		b = spoilt
	}
	s.machine.mu.Unlock()
	if s.left >= 0 && len(b) > s.left {
		_, _ = s.ResponseWriter.Write(b[:s.left])
		_ = http.NewResponseController(s.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	if s.left >= 0 {
		s.left -= len(b)
	}
	return s.ResponseWriter.Write(b)
}

// element is an observation in a document, with its sequence number.
var element = regexp.MustCompile(`<\w+ [^<>]*sequence="(\d+)"[^<>]*?(?:/>|>[^<>]*</\w+>)`)

// eachElement calls f for every observation in b that stands in it whole.
func eachElement(b []byte, f func(sequence int64, element []byte)) {
	for _, at := range element.FindAllSubmatchIndex(b, -1) {
		sequence, err := strconv.ParseInt(string(b[at[2]:at[3]]), 10, 64)
		if err == nil {
			f(sequence, b[at[0]:at[1]])
		}
	}
}

// blank makes an element white space.
func blank(element []byte) {
	for i := range element {
		element[i] = ' '
	}
}

// garble makes an element no XML.
func garble(element []byte) { element[1] = '<' }

// dialOver gives clients that reach agents by rt.
func dialOver(rt http.RoundTripper) func(plant.Agent) (*mtconnect.Client, error) {
	return func(a plant.Agent) (*mtconnect.Client, error) {
		return mtconnect.NewClient(a.URL, mtconnect.Options{HTTP: &http.Client{Transport: rt}})
	}
}

// options are those of a supervisor that loses no time.
func options(s store.Writer) collect.Options {
	return collect.Options{
		Store:           s,
		Dial:            func(a plant.Agent) (*mtconnect.Client, error) { return mtconnect.NewClient(a.URL, mtconnect.Options{}) },
		CommitDelay:     time.Millisecond,
		StreamInterval:  time.Millisecond,
		Heartbeat:       50 * time.Millisecond,
		PollInterval:    5 * time.Millisecond,
		ShortestRetry:   2 * time.Millisecond,
		LongestRetry:    20 * time.Millisecond,
		StoreRetry:      5 * time.Millisecond,
		StandbyDelay:    20 * time.Millisecond,
		ReprobeInterval: time.Millisecond,
		StatusInterval:  time.Millisecond,
	}
}

// supervise runs a supervisor over the agents until stop is called.
func supervise(t tb, o collect.Options, agents ...plant.Agent) (s *collect.Supervisor, stop func()) {
	t.Helper()
	s, err := collect.New(o)
	if err != nil {
		t.Fatal(err)
	}
	s.SetAgents(agents)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			<-done
		})
	}
	t.Cleanup(stop)
	return s, stop
}

// whenDown gives the first status of a link that is down, and of one that is down
// after that was taken.
func whenDown(o *collect.Options) <-chan plant.AgentStatus {
	down := make(chan plant.AgentStatus, 1)
	o.Status = func(status plant.AgentStatus) {
		if status.Link == plant.LinkDown {
			select {
			case down <- status:
			default:
			}
		}
	}
	return down
}

// await waits for a status.
func await(t tb, statuses <-chan plant.AgentStatus) (status plant.AgentStatus) {
	t.Helper()
	select {
	case status = <-statuses:
	case <-time.After(patience):
		t.Fatal("the link is not down")
	}
	return status
}

func (m *machine) agent(id plant.AgentID, name string) plant.Agent {
	return plant.Agent{ID: id, Name: name, URL: m.URL}
}

// patience is how long anything may take before a test fails.
const patience = 20 * time.Second

// caughtUp waits until the store has accounted for all that the machine's
// present run said.
func (m *machine) caughtUp(t tb, s *memory, id plant.AgentID) {
	t.Helper()
	l := m.life()
	m.mu.Lock()
	next := int64(len(l.said) + 1)
	m.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var last plant.Run
	err := s.wait(ctx, func(s *memory) bool {
		for _, r := range s.runs {
			if r.Agent == id {
				last = r
			}
		}
		return last.InstanceID == l.instance && last.Next == next
	})
	if err != nil {
		t.Fatalf("not caught up with sequence %d: the newest run is %+v", next, last)
	}
}

// prove checks that what is stored of an agent and what is in the ledger are
// together all that the machine ever said, each exactly once.
func (m *machine) prove(t tb, s *memory, id plant.AgentID) (lost map[plant.GapReason]int64) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.violations {
		t.Error(v)
	}
	names := make(map[plant.ItemID]string)
	for _, i := range s.items {
		names[i.ID] = i.DataItemID
	}
	lost = make(map[plant.GapReason]int64)
	var mine []plant.Run
	for _, r := range s.runs {
		if r.Agent == id {
			mine = append(mine, r)
		}
	}
	at := 0 // the life that a run is of, in order
	for n, run := range mine {
		for at < len(m.lives) && m.lives[at].instance != run.InstanceID {
			at++
		}
		if at == len(m.lives) {
			t.Fatalf("run %+v is of no life of the agent", run)
		}
		life := m.lives[at]
		at++
		accounted := make(map[int64]bool)
		for sequence, o := range s.stored[run.ID] {
			accounted[sequence] = true
			if sequence > int64(len(life.said)) {
				t.Errorf("run %d: the agent never said %d", run.ID, sequence)
				continue
			}
			if got, want := told(names, o), life.said[sequence-1]; got != toldBy(want) {
				t.Errorf("run %d: %d is stored as %q; the agent said %q", run.ID, sequence, got, toldBy(want))
			}
		}
		open := false
		for _, g := range s.gaps[run.ID] {
			if g.To == plant.OpenEnd {
				open = true
				if g.From != run.Next || g.Reason != plant.GapRestart {
					t.Errorf("run %d: gap %v: want a restart from %d", run.ID, g, run.Next)
				}
				continue
			}
			for sequence := g.From; sequence <= g.To; sequence++ {
				if accounted[sequence] {
					t.Errorf("run %d: %d is accounted for twice", run.ID, sequence)
				}
				accounted[sequence] = true
			}
			lost[g.Reason] += g.To - g.From + 1
		}
		for sequence := run.First; sequence < run.Next; sequence++ {
			if !accounted[sequence] {
				t.Errorf("run %d: %d is lost without a trace", run.ID, sequence)
			}
		}
		if len(accounted) != int(run.Next-run.First) {
			t.Errorf("run %d: %d numbers are accounted for, want %d", run.ID, len(accounted), run.Next-run.First)
		}
		if last := n == len(mine)-1; open == last {
			t.Errorf("run %d of %d: ended by a restart in the ledger: %v", n+1, len(mine), open)
		}
		if n > 0 && run.First != 1 {
			t.Errorf("run %d: begins at %d; all from 1 on is to be accounted for", run.ID, run.First)
		}
	}
	return lost
}

// told and toldBy say what an observation says, as text that can be compared.
func told(names map[plant.ItemID]string, o plant.Observation) string {
	value := o.Value.Text
	switch {
	case strings.Contains(o.Extra, "resetTriggered"):
		value += " reset"
	case o.Alarm != nil:
		value = o.Alarm.Level.String() + " " + o.Alarm.NativeCode + " " + o.Alarm.Text
	case o.Value.Kind == plant.Unknown:
		value = "UNAVAILABLE"
	case o.Value.Kind == plant.Number:
		value = strconv.FormatFloat(o.Value.Number, 'f', -1, 64)
	}
	return fmt.Sprint(names[o.Item], " ", o.Time, " ", value)
}

func toldBy(o agent.Observation) string {
	value := o.Value
	if o.DataItemID == "vars" && o.Detail != nil {
		value = set(o.Detail.Entries)
		if o.Detail.ResetTriggered != "" {
			value += " reset"
		}
	} else if o.Detail != nil {
		value = o.Detail.Level.String() + " " + o.Detail.NativeCode + " " + o.Value
	}
	return fmt.Sprint(o.DataItemID, " ", o.Time, " ", value)
}

// set is a change to a data set as it is stored.
func set(entries []agent.Entry) string {
	list := make([]plant.SetEntry, len(entries))
	for i, e := range entries {
		list[i] = plant.SetEntry{Key: e.Key, Removed: e.Removed, Value: e.Value}
	}
	return plant.EncodeSet(list)
}
