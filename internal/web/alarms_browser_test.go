package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/api"
)

// An alarm that is older than any range is listed, and what is active comes and goes
// by itself; the bell of every page counts it, and says a new one at once.
func TestAlarmsAreLive(t *testing.T) {
	s := newAlarmShop(time.Now)
	server := s.serve(t)
	b := newTab(t, server.URL, 1280, 900)
	b.before(hurried)
	b.open(server.URL + "/alarms?range=1h")
	b.await(`document.getElementById("live").dataset.link === "streaming"`)
	if text := b.text("#active"); !strings.Contains(text, "Coolant concentration out of range") {
		t.Errorf("the alarm of 30 hours ago is not among the active: %s", text)
	}
	fresh := raised(time.Now(), "7.1.9.1", "vmc-01", "Fault", "77", "Door open", time.Second, 0)
	s.set(func() { s.book.alarms = append([]api.AlarmEntry{fresh}, s.book.alarms...) })
	m := s.edit("vmc-01", func(m *api.MachineDetail) {
		m.Conditions = []api.Condition{{Item: "c9", Type: "SYSTEM", Level: "Fault", NativeCode: "77", Text: "Door open", Since: fresh.Raised}}
	})
	s.send("machines", []api.Machine{m.Machine})
	took := b.await(`document.querySelector('#active [data-alarm="7.1.9.1"]')`)
	if took > 2*time.Second {
		t.Logf("the new alarm took %s", took)
	}
	b.await(`document.getElementById("bell-count").textContent === "3"`)
	b.await(`document.getElementById("bell-new").textContent.includes("New Fault on VMC-01: 77 Door open")`)
	b.await(`document.getElementById("bell-said").textContent === "3 active alarms"`)
	wrong := s.agents[0]
	wrong.SkewSeconds = ptr(95.0)
	s.send("agents", []api.Agent{wrong})
	b.await(`document.querySelector('#active [data-alarm="7.1.9.1"] [data-slot="skewed"]').checkVisibility()`)

	s.set(func() { s.book.alarms = s.book.alarms[1:] })
	s.send("machines", []api.Machine{s.edit("vmc-01", func(m *api.MachineDetail) { m.Conditions = nil }).Machine})
	b.await(`!document.querySelector('#active [data-alarm="7.1.9.1"]')`)
	b.await(`document.getElementById("bell-count").textContent === "2"`)
	// The one before is the newest again, which is no news.
	if text := eval[string](b, `document.getElementById("bell-new").textContent`); !strings.Contains(text, "Door open") {
		t.Errorf("an old alarm was called new: %s", text)
	}
}

// The bell is on pages that are not live too, and is not said when they open.
func TestBellOnEveryPage(t *testing.T) {
	s := newAlarmShop(time.Now)
	server := s.serve(t)
	b := newTab(t, server.URL, 1280, 900)
	b.before(hurried)
	b.open(server.URL + "/about")
	s.set(func() { s.book.alarms = s.book.alarms[1:] })
	b.await(`document.getElementById("bell-count").textContent === "1"`)
	b.await(`document.getElementById("bell").dataset.level === "Warning"`)
	if text := eval[string](b, `document.getElementById("bell-new").textContent`); text != "" {
		t.Errorf("an alarm that was there was called new: %s", text)
	}
}

// The filter stands in the address, is drawn from it, and stays over the arrows of
// the range.
func TestAlarmFilterInTheAddress(t *testing.T) {
	s := newAlarmShop(time.Now)
	server := s.serve(t)
	b := newTab(t, server.URL, 1280, 900)
	b.open(server.URL + "/alarms?range=8h")
	eval[bool](b, `(() => {
		const f = document.getElementById("alarm-filter");
		f.machine.value = "lathe-2"; f.level.value = "fault"; f.q.value = "chuck";
		window.left = true; f.requestSubmit(); return true })()`)
	b.await(`!window.left && document.readyState === "complete" && location.search`)
	check := func() {
		t.Helper()
		b.await(`document.getElementById("alarm-filter")`)
		values := eval[string](b, `(f => [f.machine.value, f.level.value, f.q.value].join(" "))(document.getElementById("alarm-filter"))`)
		if values != "lathe-2 fault chuck" {
			t.Errorf("the filter is %q", values)
		}
	}
	check()
	q, err := url.ParseQuery(strings.TrimPrefix(eval[string](b, "location.search"), "?"))
	if err != nil || q.Get("range") != "8h" || q.Get("machine") != "lathe-2" || q.Get("level") != "fault" || q.Get("q") != "chuck" {
		t.Errorf("the address has %v", q)
	}
	if ids := eval[string](b, `[...document.querySelectorAll("#history [data-alarm]")].map(r => r.dataset.alarm).join()`); ids != "7.1.4.1" {
		t.Errorf("the history has %s, want the chuck alone", ids)
	}
	eval[bool](b, `window.left = true, document.querySelector('#range [rel="prev"]').click(), true`)
	b.await(`!window.left && document.readyState === "complete"`)
	check()
}

// On a phone nothing is wider than the screen, and the active alarms come first.
func TestAlarmsOnAPhone(t *testing.T) {
	server := newAlarmShop(time.Now).serve(t)
	b := newTab(t, server.URL, 360, 780)
	for _, path := range []string{"/alarms?range=8h", "/alarms/7.1.5.1", "/alarms/health"} {
		b.open(server.URL + path)
		if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > 360 {
			t.Errorf("%s is %d px wide", path, wide)
		}
	}
	b.open(server.URL + "/alarms")
	if !eval[bool](b, `document.getElementById("active").getBoundingClientRect().top < document.getElementById("history").getBoundingClientRect().top`) {
		t.Error("the history is above the active alarms")
	}
}

// Every alarm can be reached with the keyboard, and its row leads to what else
// happened and to the machine at that moment.
func TestAlarmRowsLead(t *testing.T) {
	server := newAlarmShop(time.Now).serve(t)
	b := newTab(t, server.URL, 1280, 900)
	b.open(server.URL + "/alarms?range=8h")
	links := eval[string](b, `[...document.querySelectorAll('#history [data-alarm="7.1.4.1"] a')].map(a => (a.tabIndex >= 0) + " " + a.pathname).join()`)
	if want := "true /m/lathe-2,true /alarms/7.1.4.1"; links != want {
		t.Errorf("links %s, want %s", links, want)
	}
	eval[bool](b, fmt.Sprintf(`window.left = true, document.querySelector(%q).click(), true`, `#history [data-alarm="7.1.4.1"] .alarm-name`))
	b.await(`!window.left && document.readyState === "complete" && document.getElementById("around")`)
}
