package web_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

// systemParts gives what the parts of the system page say.
func systemParts(t *testing.T, s *shop) map[string]string {
	t.Helper()
	status, html := page(t, s.serve(t), "/system")
	if status != 200 {
		t.Fatalf("status %d", status)
	}
	parts := make(map[string]string)
	for _, id := range []string{"workers", "jobs", "store"} {
		parts[id] = words(section(t, html, `<section class="panel" id="`+id+`"`, "</section>"))
	}
	parts["overview"] = words(section(t, html, `<section class="panel" aria-label="Overview"`, "</section>"))
	return parts
}

// systemRefused is what the page says of the observations that the hub has refused.
const systemRefused = "This process keeps as many data items, machines and agents as it may: what is beyond is stored, and pages show it as not observed. 3 observations were left out."

func TestSystem(t *testing.T) {
	want := map[string]string{
		"overview": "This process 1.2.3 for 1 d 2 h Redis Reachable Workers alive 1 of 2 Tasks waiting 4 Running 1 To be tried again 2 Failed 3 " +
			systemRefused,
		"workers": "Workers No worker captures hall-c . " +
			"Workers of the last hour, with their agents Worker State Version Began Heard Obs/s Agents " +
			"plc-1:411 Alive 1.2.3 1 d 2 h ago 1 s ago 216 2 hall-a hall-b " +
			"plc-2:98 Gone 1.2.2 not that of this process 9 h 00 min ago 11 min ago 0.0 0",
		"jobs": "Jobs Enqueued by plc-1:502, which leads for 3 h 00 min . " +
			"Jobs with their last and next run Job Period Last run Took Result Next run " +
			"agents every 30s 11:59:42 18 s ago, by plc-1:411 5 ms Done 12:00:12 in 12 s " +
			"export on demand not yet — — — " +
			"retention hourly at :37 11:37:00 23 min ago, by plc-1:411 12.0 s Failed count the blocks: the disk of the database is full 12:37:00 in 37 min " +
			"verify daily at 02:30 UTC not yet — — 2026-11-24 02:30:00 in 14 h 30 min Overdue " +
			"Running Tasks that are being run Task By For seal:2026-11-25T10:05 plc-1:411 2 s " +
			"Failed Tasks that were given up Task Failed Attempts Why " +
			"retention:2026-11-25T09:37 11:37:00 23 min ago 3 the disk of the database is full To have it tried again: factorydash jobs retry retention:2026-11-25T09:37 " +
			"And 2 older ones.",
		"store": "Store Observations in rows 1 203 400 110 MB In sealed blocks 812 003 123 2.0 GB Blocks 233 004 In all 2.4 GB 5.3 MB of it free " +
			"Oldest sealed 2026-10-21 04:00:00 Kept for 90 days " +
			"Damaged What is listed here cannot be read. factorydash verify-store looks through all that is stored. " +
			"What this process has found damaged What Of Noticed Why block 12 hall-c edm-1 Xload 11:56:00 checksum 1f, want 2e",
	}
	if diff := cmp.Diff(want, systemParts(t, newShop(atNoon))); diff != "" {
		t.Errorf("the system (-want +got):\n%s", diff)
	}
}

// The zone of a time stands where people look for it.
func TestSystemTimesHaveTheirZone(t *testing.T) {
	_, html := page(t, newShop(atNoon).serve(t), "/system")
	if want := `title="2026-11-23 11:37:00 UTC"`; !strings.Contains(html, want) {
		t.Errorf("no %s", want)
	}
}

// Of many agents that no worker captures some are named.
func TestSystemWithManyAgentsThatNobodyCaptures(t *testing.T) {
	s := newShop(atNoon)
	s.system.Crew.Unheld = slices.Repeat([]string{"x"}, 1000)
	if text := systemParts(t, s)["workers"]; !strings.Contains(text, "x , x and 980 more.") {
		t.Errorf("the workers: %s", text)
	}
}

// Nothing has run yet.
func TestSystemThatIsEmpty(t *testing.T) {
	s := newShop(atNoon)
	s.system = api.System{
		Now: noon, Version: "1.2.3", Started: noon, Redis: api.RedisNone, Missing: map[string]string{},
		Crew:  &api.Crew{Workers: []api.Worker{}, Unheld: []string{}},
		Queue: &api.Queue{Jobs: []api.Job{{Name: "seal", Period: "every 5m", Next: ptr(noon.Add(5 * time.Minute))}}, Running: []api.RunningTask{}, Failed: []api.FailedTask{}},
		Store: api.Store{Size: new(api.StoreSize), Faults: []api.Fault{}},
	}
	want := map[string]string{
		"overview": "This process 1.2.3 for 0 s Redis Not used Workers alive 0 of 0 Tasks waiting 0 Running 0 To be tried again 0 Failed 0",
		"workers":  "Workers No worker is alive: no agent is captured, and tasks wait. factorydash worker starts one, and factorydash serve is one. None has been heard of in the last hour.",
		"jobs": "Jobs Nobody leads: periodic jobs are not enqueued. Jobs with their last and next run Job Period Last run Took Result Next run " +
			"seal every 5m not yet — — 12:05:00 in 5 min Running Nothing is being run. Failed None.",
		"store": "Store Observations in rows 0 0 B In sealed blocks 0 0 B Blocks 0 In all 0 B Oldest sealed — Kept for ever",
	}
	if diff := cmp.Diff(want, systemParts(t, s)); diff != "" {
		t.Errorf("an empty system (-want +got):\n%s", diff)
	}
}

// Without Redis no command reaches the queue, and none is named.
func TestSystemWithoutRedisNamesNoRetry(t *testing.T) {
	s := newShop(atNoon)
	s.system.Redis = api.RedisNone
	if jobs := systemParts(t, s)["jobs"]; strings.Contains(jobs, "jobs retry") || !strings.Contains(jobs, "forgotten when this process ends") {
		t.Errorf("the jobs: %s", jobs)
	}
}

// What is away is missing with its reason, and the rest is there.
func TestSystemWithSomethingAway(t *testing.T) {
	whole := systemParts(t, newShop(atNoon))
	s := newShop(atNoon)
	s.system.Queue, s.system.Redis = nil, api.RedisAway
	s.system.Missing = map[string]string{"queue": "Redis cannot be reached"}
	want := map[string]string{
		"overview": "This process 1.2.3 for 1 d 2 h Redis Away jobs wait until it is back Workers alive 1 of 2 Tasks waiting — Running — To be tried again — Failed — " + systemRefused,
		"workers":  whole["workers"],
		"jobs":     "Jobs How the jobs go is not known: Redis cannot be reached.",
		"store":    whole["store"],
	}
	if diff := cmp.Diff(want, systemParts(t, s)); diff != "" {
		t.Errorf("without Redis (-want +got):\n%s", diff)
	}

	s = newShop(atNoon)
	s.system.Crew, s.system.Store.Size, s.system.Store.Faults = nil, nil, nil
	s.system.Missing = map[string]string{"crew": "list workers: the database cannot be reached", "size": "no answer within 2s"}
	want = map[string]string{
		"overview": "This process 1.2.3 for 1 d 2 h Redis Reachable Workers alive — Tasks waiting 4 Running 1 To be tried again 2 Failed 3 " + systemRefused,
		"workers":  "Workers Who captures is not known: list workers: the database cannot be reached.",
		"jobs":     whole["jobs"],
		"store":    "Store What is stored is not known: no answer within 2s. Kept for 90 days",
	}
	if diff := cmp.Diff(want, systemParts(t, s)); diff != "" {
		t.Errorf("without the database (-want +got):\n%s", diff)
	}
}

// The page is fetched again and again: what has changed is changed, and what the
// reader is at is left alone. When it cannot be fetched, it grows stale and says so.
func TestSystemFollows(t *testing.T) {
	s := newShop(time.Now)
	server := s.serve(t)
	b := newTab(t, server.URL, 1280, 800)
	b.open(server.URL + "/system")
	b.await(`document.querySelector("#live").dataset.link === "polling"`)
	eval[bool](b, `document.querySelector("#workers tbody a").focus() ?? true`)
	s.set(func() {
		s.system = shopSystem(time.Now())
		s.system.Crew.Workers[1].Alive = true
		s.system.Queue.Failed = nil
	})
	eval[bool](b, fmt.Sprintf(later, 6_000))
	b.await(`document.querySelectorAll("#workers tr[data-away]").length === 0`)
	if text := eval[string](b, `document.querySelector("#jobs").innerText`); strings.Contains(text, "jobs retry") {
		t.Errorf("the failed task is still there: %s", text)
	}
	if name := eval[string](b, `document.activeElement.textContent`); name != "hall-a" {
		t.Errorf("the focus was on an agent and is on %q", name)
	}

	s.set(func() { s.systemErr = plant.Errorf(plant.Unavailable, "The system is away.") })
	eval[bool](b, fmt.Sprintf(later, 20_000))
	b.await(`document.body.classList.contains("stale") && document.querySelector("#live-word").textContent === "stale"`)
	b.picture("system-stale")
	s.set(func() { s.systemErr = nil })
	eval[bool](b, fmt.Sprintf(later, 6_000))
	b.await(`!document.body.classList.contains("stale") && document.querySelector("#live-word").textContent === "polling"`)
	b.forgive("503")
}
