package web_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestExploreFindsDataItemsByTyping uses nothing but the keyboard.
func TestExploreFindsDataItemsByTyping(t *testing.T) {
	d := newDay(t)
	b := newTab(t, d.URL, 1280, 900)
	for words, id := range map[string]string{
		"m_temp":        "m_temp",   // the id
		"Sload":         "m_load",   // the name
		"part_count":    "m_count",  // the type
		"rotary temper": "m_temp",   // the component and a part of the type
		"mill system":   "m_system", // the machine
	} {
		b.open(d.URL + "/explore")
		b.focus("#pick")
		b.press(words)
		b.await(`document.querySelector("#pick").getAttribute("aria-expanded") === "true"`)
		b.await(fmt.Sprintf(`document.querySelector("#found [aria-selected=true] [data-slot=id]")?.textContent.includes(%q)`, id))
		active := eval[string](b, `document.querySelector("#" + document.querySelector("#pick").getAttribute("aria-activedescendant")).getAttribute("role")`)
		if active != "option" {
			t.Errorf("%q: the active descendant is of role %q", words, active)
		}
		b.press("\r")
		b.await(fmt.Sprintf(`location.search === "?items=%d" && document.querySelector('tr[data-item="%[1]d"]')`, d.items[id].ID))
		b.drawn(1)
	}
	// The arrow keys choose another one; Escape closes the list.
	b.focus("#pick")
	b.press("mill")
	b.await(`document.querySelectorAll("#found li").length === 5`)
	first := eval[string](b, `document.querySelector("#pick").getAttribute("aria-activedescendant")`)
	b.press("\u0301") // ArrowDown
	b.await(fmt.Sprintf(`document.querySelector("#pick").getAttribute("aria-activedescendant") !== %q`, first))
	b.press("\u001b")
	b.await(`document.querySelector("#found").hidden && document.querySelector("#pick").getAttribute("aria-expanded") === "false"`)
}

// TestExploreExports: the raw CSV has every sample with what it is of in front, the
// CSV of what is shown the points of the chart.
func TestExploreExports(t *testing.T) {
	d := newDay(t)
	span := "&from=" + d.begin.UTC().Format(time.RFC3339) + "&to=" + d.begin.Add(24*time.Hour).UTC().Format(time.RFC3339)
	b := newTab(t, d.URL, 1280, 900)
	b.open(d.URL + d.path(span, "m_load", "m_exec"))
	b.drawn(2)
	get := func(selector string) string {
		address := eval[string](b, fmt.Sprintf(`document.querySelector(%q).getAttribute("href")`, selector))
		status, body := page(t, d.Server, address)
		if status != http.StatusOK {
			t.Fatalf("%s: status %d: %s", address, status, body)
		}
		return body
	}
	raw := get(`#signals tr [data-slot="raw"]`)
	for _, line := range []string{"# machine: Mill (mill)", "# item: m_load", "# unit: PERCENT", "# time zone: UTC", "# source: agent hall-a", "# instance: 7", "# coverage: 99."} {
		if !strings.Contains(raw, line) {
			t.Errorf("the raw CSV lacks %q: %.600s", line, raw)
		}
	}
	r := csv.NewReader(strings.NewReader(raw))
	r.Comment = '#'
	rows, err := r.ReadAll()
	// A sample each second, the one that says that there are none, and the names.
	if want := daySamples + 2; err != nil || len(rows) != want {
		t.Errorf("the raw CSV has %d rows, want %d: %v", len(rows), want, err)
	}
	shown, err := csv.NewReader(strings.NewReader(get("#shown-csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	points := map[string]int{}
	for _, row := range shown[1:] {
		points[row[1]]++
	}
	var data struct {
		Signals []struct {
			Series     struct{ Points []any }
			Statistics struct{ Observations int }
		}
	}
	if err := json.Unmarshal([]byte(get("#shown-json")), &data); err != nil || len(data.Signals) != 2 {
		t.Fatalf("%d signals, %v", len(data.Signals), err)
	}
	// The table behind the chart says how many points it has.
	eval[bool](b, `document.querySelector(".plot summary").click() ?? true`)
	b.await(`document.querySelector(".plot table:last-child caption")`)
	inChart := eval[int](b, `Number(document.querySelector(".plot table:last-child caption").textContent.replace(/.* of/, "").replace(/\D/g, ""))`)
	if n := len(data.Signals[0].Series.Points); n != points["m_load"] || n != inChart || n < 500 || n > 2100 || data.Signals[0].Statistics.Observations != daySamples+1 {
		t.Errorf("%d points as JSON, %d as CSV, %d in the chart, of %d observations", n, points["m_load"], inChart, data.Signals[0].Statistics.Observations)
	}
}
