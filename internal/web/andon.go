package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/shop"
)

// allBoard is the board that there always is: with every machine.
const allBoard = "all"

// The distances from which a board can be read, in metres, and the sizes of the
// panels that it can be on, in inches across.
const (
	defaultDistance, minDistance, maxDistance = 5, 0.5, 50
	defaultPanel, minPanel, maxPanel          = 55, 7, 300
)

// andonBody is what an andon board shows. Which machines fit on a page is worked
// out in the browser, which knows its screen.
type andonBody struct {
	Title string
	// Distance is from how far it is read, in metres; Panel is how large the screen
	// is, in inches across.
	Distance, Panel float64
	// Shift is the name of the shift that goes on; empty where there is none.
	Shift  string
	Counts []stateCount
	Tiles  []card
	Blank  blank
	Now    time.Time
}

func (s *site) andon(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("board")
	board, ok := s.shop().Boards[name]
	if !ok && name != allBoard {
		s.fail(w, r, plant.Errorf(plant.NotFound, "There is no board called %q: the shop file names boards, and there always is /andon/%s.", name, allBoard))
		return
	}
	body := andonBody{Title: board.Title, Now: s.now()}
	if body.Title == "" {
		body.Title = map[bool]string{true: name, false: "All machines"}[ok]
	}
	var err error
	fallback := float64(defaultDistance)
	if board.Distance > 0 {
		fallback = board.Distance
	}
	if body.Distance, err = measureParam(r, "d", "m", fallback, minDistance, maxDistance); err == nil {
		body.Panel, err = measureParam(r, "panel", "in", defaultPanel, minPanel, maxPanel)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	machines, err := s.readMachines(r.Context())
	if err != nil {
		s.fail(w, r, fmt.Errorf("machines: %w", err))
		return
	}
	machines = slices.DeleteFunc(machines, func(m api.Machine) bool { return !onBoard(board, m) })
	slices.SortStableFunc(machines, compareGravity)
	for _, m := range machines {
		body.Tiles = append(body.Tiles, card{Machine: m, Now: body.Now})
	}
	if shift, ok := s.shop().Calendar.At(body.Now.UnixMicro()); ok {
		body.Shift = shift.Name
	}
	body.Counts = countStates(machines, floorFilter{})
	body.Blank = blank{body.Now}
	s.draw(w, r, http.StatusOK, "andon", page{Title: body.Title, Script: "andon.js", Bare: true, Body: body, Data: machines, Table: machinesTable(machines)})
}

// onBoard reports whether a board shows a machine.
func onBoard(b shop.Board, m api.Machine) bool {
	return len(b.Areas) == 0 && len(b.Machines) == 0 ||
		m.Area != "" && slices.Contains(b.Areas, m.Area) || slices.Contains(b.Machines, m.Slug)
}

// compareGravity puts what is graver first, and of it the older.
func compareGravity(a, b api.Machine) int {
	if d := gravity(b) - gravity(a); d != 0 || gravity(a) == 0 {
		return d
	}
	return compareSince(a.Since, b.Since)
}

// measureParam reads a parameter that is a number with a unit, which may be left
// out. Invalid where it is none or not within the bounds.
func measureParam(r *http.Request, name, unit string, fallback, least, most float64) (float64, error) {
	text := r.FormValue(name)
	if text == "" {
		return fallback, nil
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(text, unit)), 64)
	if err != nil || !(v >= least && v <= most) {
		return 0, plant.Errorf(plant.Invalid, "%s %q: use a number of %s from %v to %v, such as %v%s.", name, text, unit, least, most, fallback, unit)
	}
	return v, nil
}
