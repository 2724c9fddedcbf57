//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/jobs"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
)

// scale skips a measurement that is not asked for: `make bench` asks.
func scale(t *testing.T) {
	t.Helper()
	if os.Getenv("FACTORYDASH_SCALE") == "" {
		t.Skip("a measurement: make bench runs it")
	}
}

// TestScaleThousandAgents measures what one worker takes for 1,000 agents that say
// 20 observations a second each, on PostgreSQL and Redis. The agents are in this
// process, so that they do not count.
func TestScaleThousandAgents(t *testing.T) {
	scale(t)
	const agents, rate = 1000, 20
	length := time.Minute
	if os.Getenv("FACTORYDASH_SCALE") == "long" {
		length = 10 * time.Minute
	}
	h, quiet := openHall(t, agents, rate)
	in := install(t, h)
	in.begin("worker 1")
	worker := in.running["worker 1"]
	address := worker.waitLog(upMessage("worker 1"))["address"]
	eventually(t, "all agents are captured", func() bool {
		next, ok := in.captured()
		for i := range h.rings {
			if !ok || next[hallAgent(i)] < h.said(i)-2*rate {
				return false
			}
		}
		return true
	})
	before, began := usage(t, worker), time.Now()
	worst := int64(0)
	for time.Since(began) < length {
		time.Sleep(time.Second)
		next, ok := in.captured()
		for i := range h.rings {
			if ok {
				worst = max(worst, h.said(i)-next[hallAgent(i)])
			}
		}
	}
	after, took := usage(t, worker), time.Since(began)
	metrics := get(t, fmt.Sprint("http://", address, "/metrics"))
	quiet()
	in.settle(30 * time.Second)
	t.Logf("one worker, %d agents, %d observations/s in all, for %v: %.2f cores, %d MiB at most, no agent more than %.1f s behind",
		agents, agents*rate, took.Round(time.Second), (after.cpu-before.cpu).Seconds()/took.Seconds(), after.peak>>20, float64(worst)/rate)
	for _, q := range []string{"0.5", "0.99"} {
		t.Logf("commit: %s of them within %s s", q, quantile(metrics, "factorydash_commit_seconds", q))
	}
	in.checkCounting()
}

// spent is what a process has taken.
type spent struct {
	cpu  time.Duration
	peak int64 // bytes of memory
}

// usage reads what a process that runs has taken so far, on Linux.
func usage(t *testing.T, p *program) (u spent) {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		t.Skip("the system does not tell what a process takes:", err)
	}
	// The name, in parentheses, may hold anything; user and system time are the
	// 12th and 13th field behind it, in hundredths of a second.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		u.cpu += time.Duration(n) * 10 * time.Millisecond
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	if found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status); found != nil {
		n, err := strconv.ParseInt(string(found[1]), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		u.peak = n << 10
	}
	return u
}

// quantile gives the bound of the bucket in which a quantile of a histogram lies,
// of what has the result ok.
func quantile(metrics, name, q string) string {
	want, err := strconv.ParseFloat(q, 64)
	if err != nil {
		return err.Error()
	}
	var total float64
	if found := regexp.MustCompile(name + `_count\{result="ok"\} (\S+)`).FindStringSubmatch(metrics); found != nil {
		total, _ = strconv.ParseFloat(found[1], 64)
	}
	for _, found := range regexp.MustCompile(name+`_bucket\{result="ok",le="([^"]+)"\} (\S+)`).FindAllStringSubmatch(metrics, -1) {
		if n, _ := strconv.ParseFloat(found[2], 64); total > 0 && n >= want*total {
			return found[1]
		}
	}
	return "(not measured)"
}

// TestScaleLive measures the time from a worker's commit until a browser has been
// told of it through Redis, by that value or by a newer one of the same data item:
// 20,000 observations a second of 20 machines, 200 browsers of which ten look at
// each machine. What stands for the worker is its publisher, called at the moment
// of the commit.
func TestScaleLive(t *testing.T) {
	scale(t)
	const machines, items, perSecond, browsers, seconds = 20, 50, 20, 200, 20
	in := install(t, &hall{})
	inventories := make([][]plant.DataItem, machines)
	runs := make([]plant.Run, machines)
	for m := range machines {
		inventories[m], runs[m] = in.addMachine(m, items)
	}
	in.begin("web 1")
	address := in.running["web 1"].address()
	client, err := jobs.OpenRedis(in.redis.URL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	publisher, err := live.NewPublisher(live.PublisherOptions{Redis: client})
	if err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	var working sync.WaitGroup
	working.Go(func() { _ = publisher.Run(ctx) })
	var (
		mu        sync.Mutex
		latencies []time.Duration
		// committed is when each commit of a machine was, by its number.
		committed [machines][seconds*perSecond + 1]atomic.Int64
	)
	for b := range browsers {
		m := b % machines
		working.Go(func() {
			found := listen(ctx, t, fmt.Sprintf("http://%s/api/v1/stream?machine=%s", address, hallAgent(m)), items, committed[m][:])
			mu.Lock()
			defer mu.Unlock()
			latencies = append(latencies, found...)
		})
	}
	tick := time.NewTicker(time.Second / perSecond)
	defer tick.Stop()
	before, began := usage(t, in.running["web 1"]), time.Now()
	for n := range int64(seconds * perSecond) {
		<-tick.C
		for m := range machines {
			c := plant.Change{Agent: runs[m].Agent, Observations: items}
			for i, item := range inventories[m] {
				c.Latest = append(c.Latest, plant.Latest{Observation: plant.Observation{
					Item: item.ID, Run: runs[m].ID, Sequence: (n+1)*items + int64(i), Time: time.Now().UnixMicro(),
					Value: plant.Value{Kind: plant.Number, Number: float64(n)},
				}})
			}
			committed[m][n+1].Store(time.Now().UnixMicro())
			publisher.Publish(c)
		}
	}
	after, took := usage(t, in.running["web 1"]), time.Since(began)
	cancel()
	working.Wait()
	if len(latencies) == 0 {
		t.Fatal("no browser was told of anything")
	}
	slices.Sort(latencies)
	at := func(q float64) time.Duration {
		return latencies[int(q*float64(len(latencies)-1))].Round(time.Millisecond)
	}
	t.Logf("%d observations/s, %d browsers, %d commits told: median %v, p99 %v, worst %v; the web took %.2f cores and %d MiB at most",
		machines*items*perSecond, browsers, len(latencies), at(0.5), at(0.99), at(1), (after.cpu-before.cpu).Seconds()/took.Seconds(), after.peak>>20)
}

// addMachine puts an agent with one machine into the store, and starts a run.
func (in *installation) addMachine(m, items int) ([]plant.DataItem, plant.Run) {
	in.t.Helper()
	ctx := in.t.Context()
	put, err := in.store.PutAgent(ctx, plant.Agent{Name: hallAgent(m), URL: "http://127.0.0.1:1"})
	if err != nil {
		in.t.Fatal(err)
	}
	device := plant.ModelDevice{Device: plant.Device{Name: hallAgent(m), UUID: hallAgent(m), Present: true}}
	for i := range items {
		device.Items = append(device.Items, plant.DataItem{
			DataItemID: fmt.Sprint("n", i), Category: plant.Sample, Type: "POSITION", Representation: "VALUE",
		})
	}
	inventory, err := in.store.SaveModel(ctx, plant.Model{Agent: put.ID, Digest: "1", Document: []byte("<x/>"), From: time.Now(), Devices: []plant.ModelDevice{device}})
	if err != nil {
		in.t.Fatal(err)
	}
	run, err := in.store.StartRun(ctx, 0, plant.Run{Agent: put.ID, InstanceID: 1, First: 1, Began: time.Now()}, nil)
	if err != nil {
		in.t.Fatal(err)
	}
	return inventory.Items, run
}

// listen is a browser: it gives how long it took to be told of each commit, whose
// data items have the commit's number times items and more as their sequence.
func listen(ctx context.Context, t *testing.T, url string, items int64, committed []atomic.Int64) (latencies []time.Duration) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Error(err)
		return nil
	}
	// A browser is another machine's work: an event is taken from the kernel at once.
	transport := &http.Transport{ReadBufferSize: 64 << 10}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer response.Body.Close()
	scanner := bufio.NewScanner(response.Body)
	scanner.Buffer(make([]byte, 64<<10), 1<<20)
	told := int64(-1)
	for scanner.Scan() {
		// The data item that changed first stands first: what it tells of, all do.
		_, rest, ok := bytes.Cut(scanner.Bytes(), []byte(`"sequence":"`))
		if !ok {
			continue
		}
		now := time.Now().UnixMicro()
		digits, _, _ := bytes.Cut(rest, []byte(`"`))
		sequence, err := strconv.ParseInt(string(digits), 10, 64)
		if err != nil {
			t.Error(err)
		}
		for n := told + 1; told >= 0 && n <= sequence/items; n++ {
			latencies = append(latencies, time.Duration(now-committed[n].Load())*time.Microsecond)
		}
		told = sequence / items
	}
	return latencies
}
