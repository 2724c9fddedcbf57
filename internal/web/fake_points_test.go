package web_test

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

func (s *shop) series(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.Atoi(r.PathValue("id"))
	from, err := time.Parse(time.RFC3339, r.FormValue("from"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	to := s.now()
	if text := r.FormValue("to"); text != "" {
		if to, err = time.Parse(time.RFC3339, text); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	points := s.points(plant.ItemID(id), from, to)
	answer(w, api.Series{From: from, To: to, Observations: len(points), Points: points, Problem: "gaps beyond the first 1000 are left out"}, nil)
}

// shopPoints makes a series: loads that follow cycles of four minutes, with the
// ten minutes from 25 to 15 minutes ago unknown.
func shopPoints(id plant.ItemID, from, to time.Time) []api.Point {
	points := []api.Point{}
	gapFrom, gapTo := to.Add(-25*time.Minute), to.Add(-15*time.Minute)
	inGap := false
	for t := from; t.Before(to); t = t.Add(to.Sub(from) / 600) {
		if t.After(gapFrom) && t.Before(gapTo) {
			if !inGap {
				points = append(points, api.Point{t.UnixMicro(), nil})
			}
			inGap = true
			continue
		}
		inGap = false
		phase := float64(t.Unix()%240) / 240
		level := 0.0
		if phase < 0.8 {
			level = 40 + 25*math.Sin(phase*37) + 10*math.Sin(float64(t.Unix())/3)
		}
		points = append(points, api.Point{t.UnixMicro(), shopValue(id, phase, level)})
	}
	return points
}

func shopValue(id plant.ItemID, phase, level float64) any {
	switch id % 100 {
	case 12: // The execution.
		if phase < 0.8 {
			return "ACTIVE"
		}
		return "READY"
	case 7: // The spindle's speed.
		return math.Round(level) * 100
	}
	return math.Max(0, level)
}
