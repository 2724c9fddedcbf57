// Package web is factorydash's pages: drawn by the server with html/template,
// readable without scripts, and kept live by small TypeScript modules that
// follow the event stream of internal/api.
//
// Every page is also there for programs: its address with .json behind the path
// gives what it shows, and with .csv its table (form.go).
//
// One file per page (floor.go, machine.go, agents.go, about.go) beside its
// template in templates/ and its module in ts/. What is shown more than once
// (durations, units, glyphs) stands in format.go, unit.go and mark.go, and for
// what the browser redraws in ts/format.ts. The assets under assets/ are made by
// go generate from ts/, css/ and the packages in assets/vendor, and embedded.
package web

//go:generate go run -C ../../tools ./assets bundle ../internal/web
