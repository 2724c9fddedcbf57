package web_test

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

func (s *shop) Item(_ context.Context, id plant.ItemID) (api.ItemEntry, error) {
	s.Lock()
	defer s.Unlock()
	for _, e := range s.entries() {
		if e.ID == id {
			return e, s.machinesErr
		}
	}
	return api.ItemEntry{}, plant.Errorf(plant.NotFound, "item: there is no data item with the number %d", id)
}

// entries are the data items of all machines.
func (s *shop) entries() []api.ItemEntry {
	var list []api.ItemEntry
	for _, m := range s.machines {
		for _, item := range m.Items {
			list = append(list, api.ItemEntry{Machine: m.Slug, MachineName: m.Name, Agent: m.Agent, Item: item})
		}
	}
	return list
}

func (s *shop) Series(ctx context.Context, q api.SeriesQuery) (api.Series, error) {
	entry, err := s.Item(ctx, q.Item)
	points := s.points(q.Item, q.From, q.To)
	return api.Series{Item: entry.Item, From: q.From, To: q.To, Observations: len(points), Points: points}, err
}

func (s *shop) Statistics(ctx context.Context, q api.StatisticsQuery) (api.Statistics, error) {
	entry, err := s.Item(ctx, q.Item)
	points := s.points(q.Item, q.From, q.To)
	v := api.Statistics{Item: entry, From: q.From, To: q.To, Observations: len(points), KnownSeconds: 3000, UnknownSeconds: 600, Coverage: 5.0 / 6}
	if entry.Category == plant.Sample.String() {
		v.Numbers = &api.NumberStatistics{Count: len(points), Min: ptr(0.0), Max: ptr(74.5), Mean: ptr(31.0), MeanOverTime: ptr(29.5), P5: ptr(0.0), P50: ptr(38.5), P95: ptr(70.0), ExactPercentiles: true, StandardDeviation: ptr(22.0)}
		return v, err
	}
	v.Values, v.Changes = []api.ValueStatistics{{Value: "ACTIVE", Seconds: 2400, Observations: 12}, {Value: "READY", Seconds: 600, Observations: 12}}, ptr(24)
	return v, err
}

func (s *shop) statistics(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.Atoi(r.PathValue("id"))
	from, err := time.Parse(time.RFC3339, r.FormValue("from"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	v, err := s.Statistics(r.Context(), api.StatisticsQuery{Item: plant.ItemID(id), From: from, To: s.now()})
	answer(w, v, err)
}
