// Package storetest is the suite that every store passes: it holds a store to
// the contract of package store, with nothing but its methods.
package storetest

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// Store is the whole contract.
type Store interface {
	store.Writer
	store.Reader
	store.Admin
}

// Run holds stores to the contract. open gives an empty store, which is closed
// when its test ends.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, s Store)
	}{
		{"Agents", testAgents},
		{"RemoveAgent", testRemoveAgent},
		{"AgentsThatAreInvalid", testInvalidAgents},
		{"Model", testModel},
		{"ModelChange", testModelChange},
		{"ModelIdentity", testModelIdentity},
		{"ModelOfNobody", testModelOfNobody},
		{"Slugs", testSlugs},
		{"Unmapped", testUnmapped},
		{"Runs", testRuns},
		{"RunsConflict", testRunsConflict},
		{"RunsInOrder", testRunsInOrder},
		{"GapsOfRuns", testGapsOfRuns},
		{"GapsInPages", testGapPages},
		{"Commit", testCommit},
		{"CommitOfCopy", testCommitOfCopy},
		{"CommitInGroup", testCommitInGroup},
		{"CommitOfEndedRun", testCommitOfEndedRun},
		{"CommitThatIsInvalid", testInvalidCommit},
		{"CommitCanceled", testCommitCanceled},
		{"CommitNothing", testCommitNothing},
		{"Values", testValues},
		{"Extremes", testExtremes},
		{"Latest", testLatest},
		{"States", testStates},
		{"ItemObservations", testItemObservations},
		{"ItemObservationsInPages", testItemPages},
		{"ItemObservationsOverRuns", testItemOverRuns},
		{"ItemObservationsOfSeveral", testSeveralItems},
		{"ItemObservationsOfSeveralInPages", testSeveralItemsInPages},
		{"ItemObservationsCommittedTogether", testCommittedTogether},
		{"ItemSummaries", testItemSummaries},
		{"Baselines", testBaselines},
		{"Observations", testObservations},
		{"ObservationsInterleaved", testInterleaved},
		{"ObservationsOfLongRows", testLongRows},
		{"EarlyStop", testEarlyStop},
		{"WriteWhileReading", testWriteWhileReading},
		{"Concurrently", testConcurrently},
		{"RacingWriters", testRacingWriters},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// tester is a test, or one check of a property.
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Context() context.Context
}

// line is an agent with one device and one run.
type line struct {
	store  Store
	agent  plant.Agent
	device plant.Device
	items  []plant.DataItem
	run    plant.Run
}

// newLine makes an agent whose device has n data items, and starts a run at 1.
func newLine(t tester, s Store, name string, n int) *line {
	t.Helper()
	l := &line{store: s}
	var err error
	if l.agent, err = s.PutAgent(t.Context(), plant.Agent{Name: name, URL: "http://localhost:5000"}); err != nil {
		t.Fatalf("put agent: %v", err)
	}
	model := plant.Model{
		Agent: l.agent.ID, Digest: "1", Document: []byte("<MTConnectDevices/>"), From: moment(0),
		Devices: []plant.ModelDevice{{Device: plant.Device{Name: name, UUID: "uuid-" + name}}},
	}
	for i := range n {
		model.Devices[0].Items = append(model.Devices[0].Items, plant.DataItem{
			DataItemID: fmt.Sprintf("i%d", i), Category: plant.Sample, Type: "LOAD",
		})
	}
	inventory, err := s.SaveModel(t.Context(), model)
	if err != nil {
		t.Fatalf("save model: %v", err)
	}
	l.device, l.items = inventory.Devices[0], inventory.Items
	l.start(t, 1)
	return l
}

// start begins a new run of the same instance.
func (l *line) start(t tester, instance uint64) {
	t.Helper()
	run, err := l.store.StartRun(t.Context(), l.run.ID, plant.Run{Agent: l.agent.ID, InstanceID: instance, First: 1, Began: moment(0)}, nil)
	if err != nil {
		t.Fatalf("start run: %v", err)
	}
	l.run = run
}

// batch makes the next batch of the run, with an observation for each value of
// the first item at the times of the sequence numbers. It does not move the
// cursor of the line.
func (l *line) batch(values ...plant.Value) *store.Batch {
	b := &store.Batch{Run: l.run.ID, Expect: l.run.Next, Next: l.run.Next + int64(len(values)), Received: moment(1)}
	for i, v := range values {
		sequence := l.run.Next + int64(i)
		b.Observations = append(b.Observations, plant.Observation{
			Item: l.items[0].ID, Run: l.run.ID, Sequence: sequence, Time: sequence, Value: v,
		})
	}
	return b
}

// commit stores a batch and moves the cursor of the line.
func (l *line) commit(t tester, b *store.Batch) {
	t.Helper()
	if err := l.store.Commit(t.Context(), []*store.Batch{b}); err != nil {
		t.Fatalf("commit: %v", err)
	}
	if b.Err != nil {
		t.Fatalf("batch: %v", b.Err)
	}
	l.run.Next, l.run.Stored = b.Next, l.run.Stored+int64(len(b.Observations))
}

// stored is the run as the store has it.
func (l *line) stored(t tester) plant.Run {
	t.Helper()
	run, err := l.store.LastRun(t.Context(), l.agent.ID)
	if err != nil {
		t.Fatalf("last run: %v", err)
	}
	return run
}

// observations are all of the run.
func (l *line) observations(t tester) []plant.Observation {
	t.Helper()
	return all(t, l.store.Observations(t.Context(), l.run.ID, 0))
}

// all reads a sequence to its end.
func all[T any](t tester, sequence iter.Seq2[T, error]) []T {
	t.Helper()
	var read []T
	for v, err := range sequence {
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		read = append(read, v)
	}
	return read
}

// sequences are the sequence numbers of observations.
func sequences(observations []plant.Observation) []int64 {
	var numbers []int64
	for _, o := range observations {
		numbers = append(numbers, o.Sequence)
	}
	return numbers
}

// numbers makes n values.
func numbers(n int) []plant.Value {
	values := make([]plant.Value, n)
	for i := range values {
		values[i] = plant.Value{Kind: plant.Number, Number: float64(i) / 4}
	}
	return values
}

// moment is a time of the tests' clock, in seconds.
func moment(s int64) time.Time { return time.Unix(1_700_000_000+s, 123_456_000).UTC() }

// equal fails the test where the two differ.
func equal[T any](t tester, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// refused fails the test where an error has not the code.
func refused(t tester, what string, err error, code plant.Code) {
	t.Helper()
	if err == nil || plant.ErrorCode(err) != code {
		t.Errorf("%s: error %v, want one with the code %s", what, err, code)
	}
}

// must gives the value, and ends the test where there is an error.
func must[T any](t tester) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
