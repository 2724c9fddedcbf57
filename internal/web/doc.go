// Package web is factorydash's pages: drawn by the server with html/template,
// readable without scripts, and kept live by small TypeScript modules that
// follow the event stream of internal/api.
//
// Every page is also there for programs: its address with .json behind the path
// gives what it shows, and with .csv its table (form.go).
//
// Other pages and programs lead to the page that explores signals (explore.go) by
//
//	/explore?items=101,107&layout=stack&range=1h
//	/explore?items=101&layout=overlay&from=2026-11-23T14:00:00Z&to=2026-11-23T15:00:00Z
//
// with the numbers of up to eight data items of any machines, the layout stack
// (the default) or overlay, and a range as every page has it (range.go).
//
// One file per page (floor.go, machine.go, explore.go, agents.go, about.go) beside its
// template in templates/ and its module in ts/. What is shown more than once
// (durations, units, glyphs) stands in format.go, unit.go and mark.go, and for
// what the browser redraws in ts/format.ts. The assets under assets/ are made by
// go generate from ts/, css/ and the packages in assets/vendor, and embedded.
package web

//go:generate go run -C ../../tools ./assets bundle ../internal/web
