package web

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/shop"
)

// Views is what the pages are drawn from; api.Service is one.
type Views interface {
	// Machines gives the machines of all agents, those of an agent together,
	// in an order that stays.
	Machines(ctx context.Context) ([]api.Machine, error)
	// MachinesAt gives them as they were at a moment of the past; State is empty
	// where that is not known.
	MachinesAt(ctx context.Context, at time.Time) ([]api.Machine, error)
	// Machine gives one machine; its error is of code plant.NotFound where
	// there is none.
	Machine(ctx context.Context, slug string) (api.MachineDetail, error)
	// Timeline gives the states of machines over a range, with their shares of it.
	Timeline(ctx context.Context, q api.TimelineQuery) (api.Timeline, error)
	// FirstAfter gives when what is stored begins where a moment lies before all of
	// it; the zero time where it does not.
	FirstAfter(ctx context.Context, at time.Time) (time.Time, error)
	// MachineAt gives one machine as it was at a moment of the past.
	MachineAt(ctx context.Context, slug string, at time.Time) (api.MachineDetail, error)
	// Cycles gives the cycles of a machine over a range.
	Cycles(ctx context.Context, q api.CycleQuery) (api.Cycles, error)
	// Why gives why a machine was in its state at a moment; now where that is zero.
	Why(ctx context.Context, slug string, at time.Time) (api.Why, error)
	// Production gives what machines made over a range.
	Production(ctx context.Context, q api.ProductionQuery) (api.Production, error)
	// Executions gives what the execution of each path said over a range.
	Executions(ctx context.Context, slug string, from, to time.Time) ([]api.ExecutionStep, error)
	// ShiftUsual gives whether a shift was as usual.
	ShiftUsual(ctx context.Context, q api.ShiftUsualQuery) (api.ShiftUsual, error)
	// Agents gives the agents that are read.
	Agents(ctx context.Context) ([]api.Agent, error)
	// AgentsAt gives what is stored of how they were read up to a moment of the past.
	AgentsAt(ctx context.Context, at time.Time) ([]api.AgentThen, error)
	// Gaps gives a page of the gap ledger, the newest first.
	Gaps(ctx context.Context, q api.GapQuery) (api.Page[api.Gap], error)
	// AgentHealth finds out how an agent tells, and AgentModels what changed in its
	// device models.
	AgentHealth(ctx context.Context, name string) (api.AgentHealth, error)
	AgentModels(ctx context.Context, name string) ([]api.ModelVersion, error)
	// Item gives a data item of any machine; its error is of code plant.NotFound
	// where there is none with the number.
	Item(ctx context.Context, id plant.ItemID) (api.ItemEntry, error)
	// Series and Statistics give what was observed of a data item over a range.
	Series(ctx context.Context, q api.SeriesQuery) (api.Series, error)
	Statistics(ctx context.Context, q api.StatisticsQuery) (api.Statistics, error)
	// System gives how the installation stands; what is away is missing in it and
	// makes no error.
	System(ctx context.Context) (api.System, error)
	alarmViews
}

// Options is what the pages need.
type Options struct {
	Views Views
	// Version is shown at the foot of the pages.
	Version string
	// Now is the clock; time.Now where it is nil.
	Now func() time.Time
	// Shop gives what people say of their plant: its time zone, in which times are
	// shown, and its shifts. Where it is nil, nothing is said and the zone is
	// time.Local.
	Shop func() *shop.Shop
	// Log takes the errors behind a page that could not be drawn; they are
	// dropped where it is nil.
	Log *slog.Logger
}

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed assets/dist assets/vendor/*/LICENSE
var assetFiles embed.FS

// site serves the pages. It does not change after New, so requests share it.
type site struct {
	views   Views
	version string
	shop    func() *shop.Shop
	// now is the time in the plant's zone, or in the one that the reader has chosen.
	now func() time.Time
	// chosenZone is set where the zone of now is not the plant's but one that the
	// reader has chosen.
	chosenZone bool
	// then is the moment of the past at which now stands; nil where it is now.
	then *then

	log    *slog.Logger
	assets *assets
	pages  map[string]*template.Template
}

// New makes the handler of the pages and their assets. It fails only where what
// is embedded does not fit together.
func New(o Options) (http.Handler, error) {
	s := &site{views: o.Views, version: o.Version, shop: o.Shop, log: o.Log}
	if s.shop == nil {
		s.shop = func() *shop.Shop { return shop.None(time.Local) }
	}
	clock := o.Now
	if clock == nil {
		clock = time.Now
	}
	s.now = func() time.Time { return clock().In(s.shop().Zone) }
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if s.assets, err = loadAssets(assetFiles); err != nil {
		return nil, fmt.Errorf("assets: %w", err)
	}
	if s.pages, err = parsePages(templateFiles, s.assets); err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}

	mux := http.NewServeMux()
	// Each page has the parameters that are named here, beside the moment that its
	// address may ask for; it is drawn as of that, in the zone that its reader has
	// chosen. A page of current tells of now alone.
	type drawing = func(*site, http.ResponseWriter, *http.Request)
	handle := func(path string, as func(*http.Request) (*site, error), draw drawing, params []string) {
		params = append(params, "at")
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			own, err := as(r)
			if wrong := api.CheckQuery(r.URL.RawQuery, params, nil); wrong != nil {
				err = wrong
			}
			if err != nil {
				own.fail(w, r, err)
				return
			}
			draw(own, w, own.then.in(r))
		})
	}
	page := func(path string, draw drawing, params ...string) { handle(path, s.asOf, draw, params) }
	ranged := func(path string, draw drawing, params ...string) { page(path, draw, append(params, rangeNames...)...) }
	current := func(path, untold string, draw drawing) {
		handle(path, func(r *http.Request) (*site, error) { return s.current(r, untold) }, draw, nil)
	}
	mux.Handle("GET /{$}", http.RedirectHandler("/floor", http.StatusFound))
	page("/floor", (*site).floor, "q", "state", "view")
	page("/andon/{board}", (*site).andon, "d", "panel")
	ranged("/m/{machine}", (*site).machine, "s", "open", "zoom", "compare", "why")
	ranged("/timeline", (*site).timeline, "q", "group", "view", "hide", "columns")
	ranged("/alarms", (*site).alarms, "machine", "level", "q", "after")
	page("/alarms/active", (*site).activeAlarms, "machine", "level", "q")
	ranged("/alarms/health", (*site).alarmHealth, "machine")
	current("/alarms/{id}", "An alarm is shown with all that is known of it now.", (*site).alarm)
	ranged("/explore", (*site).explore, "items", "layout", "open")
	page("/m/{machine}/why", (*site).why)
	ranged("/production", (*site).production)
	ranged("/handover", (*site).handover, "machine")
	page("/agents", (*site).agents)
	page("/agents/{name}", (*site).agent, "after")
	current("/system", "How the installation stood is not kept.", (*site).system)
	const unkept = "Settings are those of now: what they were is not kept."
	current("/settings", unkept, (*site).settings)
	current("/settings/shifts", unkept, (*site).shifts)
	current("/settings/machines", unkept, (*site).machineSettings)
	current("/about", "It is about the program that runs now.", (*site).about)
	mux.Handle("GET /assets/{file}", s.assets)
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, plant.Errorf(plant.NotFound, "There is no page at %s.", r.URL.Path))
	})
	return guard(forms(mux)), nil
}

// policy lets a page use what this server sends and nothing else. Bootstrap's
// style sheet carries small images as data.
const policy = "default-src 'self'; img-src 'self' data:; object-src 'none'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// guard sets the headers that every answer carries.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		next.ServeHTTP(w, r)
	})
}

// page is what every template gets.
type page struct {
	// Title names the page, Nav the entry of the navigation it belongs to.
	Title, Nav string
	// Script is the page's module; page.js for a page that is not live.
	Script  string
	Version string
	Now     time.Time
	// Zone is the zone of the times as browsers take it, ZoneWord as people do.
	// ChosenZone is set where it is the reader's and not the plant's.
	Zone, ZoneWord string
	ChosenZone     bool
	// Bare is set for a page without the frame of the others, which is dark.
	Bare bool
	// Travel leads through time; At is the moment of the past that the page shows,
	// nil for now.
	Travel travel
	At     *time.Time
	// Bell is the count of active alarms.
	Bell bell
	Body any
	// Data is what the page shows, for its form as JSON, and Table its table as
	// CSV; there is no such form where they are nil.
	Data  any
	Table *table
}

// Live reports whether the page follows the event stream.
func (p page) Live() bool { return p.Script != "page.js" && p.At == nil }

// parsePages makes a template of each page. Files whose names begin with "parts",
// and the layout, are shared by all pages.
func parsePages(files fs.FS, a *assets) (map[string]*template.Template, error) {
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return nil, err
	}
	isShared := func(file string) bool {
		return file == "templates/layout.html" || strings.HasPrefix(file, "templates/parts")
	}
	shared := template.New("").Funcs(functions(a))
	for _, file := range names {
		if isShared(file) {
			if _, err := shared.ParseFS(files, file); err != nil {
				return nil, err
			}
		}
	}
	pages := make(map[string]*template.Template)
	for _, file := range names {
		if isShared(file) {
			continue
		}
		t, err := shared.Clone()
		if err != nil {
			return nil, err
		}
		if t, err = t.ParseFS(files, file); err != nil {
			return nil, err
		}
		pages[strings.TrimSuffix(path.Base(file), ".html")] = t
	}
	return pages, nil
}

// draw writes a page with the status.
func (s *site) draw(w http.ResponseWriter, r *http.Request, status int, name string, p page) {
	if formOf(r) != asHTML {
		s.drawData(w, r, status, p)
		return
	}
	if p.Script == "" {
		p.Script = "page.js"
	}
	p.Version, p.Now = s.version, s.now()
	p.Zone, p.ZoneWord = zoneNames(p.Now)
	p.ChosenZone = s.chosenZone
	p.Travel = s.travel(r)
	if s.past() {
		p.At = &s.then.At // The bell is silent: it tells of now.
	} else {
		p.Bell = s.ring(r.Context())
	}
	var b bytes.Buffer
	if err := s.pages[name].ExecuteTemplate(&b, "layout", p); err != nil {
		s.log.ErrorContext(r.Context(), "page not drawn", "page", name, "error", err)
		http.Error(w, "This page could not be drawn; the log says why.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	html := b.Bytes()
	if s.then != nil {
		html = keepMoment(html, s.then.At)
	}
	// An error here means that the browser has gone.
	_, _ = w.Write(html)
}

// failure is the body of the error page.
type failure struct {
	Status       int
	Title, Cause string
	// Later is true where trying again may help.
	Later bool
}

// fail draws the error page. The text of an internal error goes to the log and
// not to the reader.
func (s *site) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // The browser has gone: nobody reads this.
	}
	f := failure{
		Status: http.StatusInternalServerError, Title: "Something went wrong",
		Cause: "The server could not draw this page. Its log says why.", Later: true,
	}
	switch plant.ErrorCode(err) {
	case plant.NotFound:
		f = failure{Status: http.StatusNotFound, Title: "Not found", Cause: message(err)}
	case plant.Invalid:
		f = failure{Status: http.StatusBadRequest, Title: "That was not understood", Cause: message(err)}
	case plant.Unavailable:
		f = failure{Status: http.StatusServiceUnavailable, Title: "Not available now", Cause: message(err), Later: true}
	}
	if f.Later {
		s.log.ErrorContext(r.Context(), "page failed", "path", r.URL.Path, "error", err)
	}
	if formOf(r) != asHTML {
		s.drawProblem(w, f)
		return
	}
	s.draw(w, r, f.Status, "error", page{Title: f.Title, Body: f})
}

// message is the part of an error that may be shown.
func message(err error) string {
	var e *plant.Error
	if errors.As(err, &e) {
		return e.Msg
	}
	return ""
}

// zoneNames gives the zone of a time as browsers take it, which is a name such
// as Europe/Berlin or an offset such as +01:00, and as people read it.
func zoneNames(t time.Time) (zone, word string) {
	zone, offset := t.Location().String(), t.Format("-07:00")
	if zone == "Local" {
		zone = offset
	}
	if zone == "UTC" || zone == "+00:00" {
		return "UTC", "UTC"
	}
	if zone == offset {
		return zone, "UTC" + offset
	}
	return zone, zone + " (UTC" + offset + ")"
}
