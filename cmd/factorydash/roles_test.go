//go:build unix

package main

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// recapture is within what time an agent is to be captured again after its worker
// has died.
const recapture = 15 * time.Second

// TestInstallationInChaos lets several workers, schedulers and webs run as
// processes on PostgreSQL and Redis while they are killed, frozen and restarted,
// and both servers too. Nothing may be lost or doubled, no agent may go without
// capture for longer than recapture beyond the database's own absence, and the
// periodic jobs go on. FACTORYDASH_CHAOS=long makes it ten minutes with 60 agents, and
// the times strict.
func TestInstallationInChaos(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	agents, length, frozen := 12, 45*time.Second, 14*time.Second
	names := []string{"worker 1", "worker 2", "scheduler 1", "scheduler 2", "web 1"}
	if longChaos() {
		agents, length, frozen = 60, 10*time.Minute, time.Minute
		names = append(names, "worker 3", "web 2")
	}
	h, quiet := openHall(t, agents, 20)
	in := install(t, h)
	for _, name := range names {
		in.begin(name)
	}
	for _, name := range names {
		in.running[name].waitLog(upMessage(name))
	}

	stop := make(chan struct{})
	watched := make(chan *watch, 1)
	go func() { watched <- in.watch(stop) }()
	killed := []*program{}
	happenings := []func(){
		func() { // a worker dies
			name := in.pick("worker")
			in.running[name].kill()
			killed = append(killed, in.running[name])
			in.begin(name)
		},
		func() { in.freeze(in.pick("worker"), frozen) },
		func() { // a scheduler or a web dies
			name := in.pick([]string{"scheduler", "web"}[rand.IntN(2)])
			in.running[name].kill()
			killed = append(killed, in.running[name])
			in.begin(name)
		},
		func() { // a worker ends in peace
			name := in.pick("worker")
			if code := in.running[name].stop(); code != 0 {
				t.Errorf("%s: exit code %d at SIGTERM", name, code)
			}
			killed = append(killed, in.running[name])
			in.begin(name)
		},
		in.redis.Restart,
		func() {
			if err := in.redis.Client().FlushAll(t.Context()).Err(); err != nil {
				t.Errorf("flush Redis: %v", err)
			}
		},
		func() {
			in.database.StopNow(t)
			time.Sleep(time.Duration(rand.IntN(1500)) * time.Millisecond)
			in.database.Start(t)
		},
	}
	count := 0
	for end := time.Now().Add(length); time.Now().Before(end); count++ {
		if count%len(happenings) == 0 { // each once, in another order every time
			rand.Shuffle(len(happenings), func(i, j int) { happenings[i], happenings[j] = happenings[j], happenings[i] })
		}
		happenings[count%len(happenings)]()
		time.Sleep(time.Duration(rand.IntN(3000)) * time.Millisecond)
	}
	in.settle(2 * time.Minute) // The last happening is made good while the agents go on.
	quiet()
	in.settle(2 * time.Minute)
	close(stop)
	name, longest := (<-watched).longest()
	t.Logf("%d happenings; the longest without a commit of an agent, while the database answered: %v (%s)", count, longest.Round(10*time.Millisecond), name)
	if longest > onTime(recapture) {
		t.Errorf("%s was not captured for %v, want at most %v", name, longest, onTime(recapture))
	}
	in.checkCounting()
	in.checkJobs(killed, length)
	eventually(t, "two workers that are alive", func() bool {
		out, code := outputOf(t, in.command("workers"))
		return code == 0 && strings.Count(out, "alive") >= 2
	})
}

// upMessage is what a process logs when it is up.
func upMessage(name string) string {
	if strings.HasPrefix(name, "web") {
		return "page is up"
	}
	return "health and metrics are up"
}

// checkJobs looks at the logs of all processes there were for the runs of the
// shortest periodic job. One period may be missed for each change of the leader;
// one run too many is harmless, and there may be one for each flush.
func (in *installation) checkJobs(killed []*program, length time.Duration) {
	in.t.Helper()
	runs := make(map[string]int)
	leaders := 0
	for _, p := range append(slices.Collect(maps.Values(in.running)), killed...) {
		for _, line := range p.logged() {
			switch task, _ := line["task"].(string); {
			case line["msg"] == "job done" && strings.HasPrefix(task, jobAgents+":"):
				runs[task]++
			case line["msg"] == "this process enqueues the periodic jobs from now on":
				leaders++
			}
		}
	}
	periods := int(length / (30 * time.Second))
	in.t.Logf("%d periods of %s were run, %d passed, %d times a scheduler began to lead", len(runs), jobAgents, periods, leaders)
	if len(runs) < periods-leaders || len(runs) == 0 {
		in.t.Errorf("%d periods of %s were run in %v with %d leaders: %v", len(runs), jobAgents, length, leaders, runs)
	}
}

// A second worker takes its half of the agents, and gives it back when it ends;
// no agent has a gap.
func TestWorkersShareAgents(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	t.Parallel()
	const agents = 12
	h, quiet := openHall(t, agents, 10)
	in := install(t, h)
	in.begin("worker 1")
	in.waitShares(onTime(15*time.Second), agents)
	in.begin("worker 2")
	took := in.waitShares(onTime(30*time.Second), agents/2, agents/2)
	t.Logf("the second worker had its half after %v", took.Round(10*time.Millisecond))
	if code := in.running["worker 2"].stop(); code != 0 {
		t.Errorf("worker 2: exit code %d at SIGTERM", code)
	}
	// It hands over by itself: nothing of it is left that would have to run out.
	crew, err := in.store.Crew(t.Context())
	if err != nil || len(crew.Workers) != 1 {
		t.Errorf("after the end of a worker there are %+v, %v; want the other one", crew.Workers, err)
	}
	took = in.waitShares(onTime(3*time.Second), agents)
	t.Logf("the first worker had all again %v after the second had ended", took.Round(10*time.Millisecond))
	quiet()
	in.settle(time.Minute)
	in.checkCounting()
}

// waitShares waits until the living workers hold so many agents each, and gives
// how long that took.
func (in *installation) waitShares(within time.Duration, want ...int) time.Duration {
	in.t.Helper()
	began := time.Now()
	slices.Sort(want)
	for {
		crew, err := in.store.Crew(in.t.Context())
		if err != nil {
			in.t.Fatal(err)
		}
		held := make(map[string]int)
		for _, w := range crew.Workers {
			if w.Left > 0 {
				held[w.ID] = 0
			}
		}
		for _, l := range crew.Leases {
			held[l.Worker]++
		}
		got := slices.Sorted(maps.Values(held))
		if slices.Equal(got, want) {
			return time.Since(began)
		}
		if time.Since(began) > within {
			in.t.Fatalf("the workers hold %v agents after %v, want %v", got, within, want)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// TestStartsWithoutRedis starts everything while Redis is away: agents are
// captured and pages served, and when it appears jobs run and pages are live.
func TestStartsWithoutRedis(t *testing.T) {
	t.Parallel()
	h, quiet := openHall(t, 3, 10)
	in := install(t, h)
	in.redis.Stop()
	for _, name := range []string{"worker 1", "scheduler 1", "web 1"} {
		in.begin(name)
		in.running[name].waitLog("Redis is away: jobs wait, and pages of other processes are behind until it is there")
		in.running[name].waitLog(upMessage(name))
	}
	captured := func() int64 {
		next, _ := in.captured()
		return next[hallAgent(0)]
	}
	eventually(t, "capture without Redis", func() bool { return captured() > 30 })
	in.redis.Restart()
	eventually(t, "jobs after Redis came", func() bool {
		out, code := outputOf(t, in.command("jobs", "list"))
		return code == 0 && strings.Contains(out, "leads since") && strings.Count(out, "ok") >= 3
	})
	web := in.running["web 1"].address()
	eventually(t, "live status on the web after Redis came", func() bool {
		return strings.Contains(get(t, "http://"+web+"/api/v1/agents"), `"link":"streaming"`)
	})
	quiet()
	in.settle(time.Minute)
	in.checkCounting()
}
