package web_test

import (
	"net/http"
	"strings"
	"testing"
)

// rangeRefused are what the parameters of a range cannot be.
const rangeRefused = "range from to date of=zz&date=2026-11-23"

// parameters are those of each page, with what they cannot be: zz where nothing else is
// said. Those behind a colon take any text.
var parameters = map[string]string{
	"/floor":             "state view : q",
	"/andon/all":         "d panel",
	"/m/vmc-01":          "zoom zoom=2026-11-23T09:00:00Z,2026-11-23T08:00:00Z why " + rangeRefused + " : open compare s",
	"/m/vmc-01/why":      "",
	"/timeline":          "group view hide columns " + rangeRefused + " : q",
	"/alarms":            "level " + rangeRefused + " : machine q after",
	"/alarms/active":     "level : machine q",
	"/alarms/health":     rangeRefused + " : machine",
	"/explore":           "layout " + rangeRefused + " : open items",
	"/production":        rangeRefused,
	"/agents":            "",
	"/agents/hall-b":     ": after",
	"/system":            "",
	"/settings":          "",
	"/settings/shifts":   "",
	"/settings/machines": "",
	"/about":             "",
}

// Every parameter of every page, in each of its forms, refuses what it cannot be, what
// is there twice and what there is not, and names it.
func TestParametersAreChecked(t *testing.T) {
	server := newShop(atNoon).serve(t)
	for path, params := range parameters {
		refused := func(query string) {
			t.Helper()
			for _, form := range []string{"", ".json", ".csv"} {
				status, text := page(t, server, path+form+"?"+query)
				name, _, _ := strings.Cut(query, "=")
				if status != http.StatusBadRequest && status != http.StatusNotFound || !strings.Contains(words(text), name) {
					t.Errorf("%s%s?%s: status %d: %.300s", path, form, query, status, words(text))
				}
			}
		}
		checked, free, _ := strings.Cut(params, ":")
		names := append(strings.Fields(checked), strings.Fields(free)...)
		for _, param := range append(strings.Fields(checked), "at") {
			if !strings.Contains(param, "=") {
				param += "=zz"
			}
			refused(param)
		}
		for _, param := range append(names, "at") {
			name, _, _ := strings.Cut(param, "=")
			refused(name + "=&" + name + "=")
		}
		refused("zz=1")
	}
	for _, address := range []string{"/explore.json?items=zz", "/explore.csv?items=108,999", "/m/vmc-01.json?s=zz", "/floor?q=%zz", "/floor?q=a;b"} {
		if status, text := page(t, server, address); status != http.StatusBadRequest {
			t.Errorf("%s: status %d: %.200s", address, status, text)
		}
	}
}

// What a page leaves out by its filter is in none of its forms.
func TestFormsKeepTheFilter(t *testing.T) {
	server := newShop(atNoon).serve(t)
	for _, query := range []string{"?state=alarm", "?q=vmc-04"} {
		for _, form := range []string{".json", ".csv"} {
			if _, text := page(t, server, "/floor"+form+query); !strings.Contains(text, "vmc-04") || strings.Contains(text, "vmc-01") {
				t.Errorf("/floor%s%s: %s", form, query, text)
			}
		}
	}
}
