package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
)

// stateRoutes registers what can be asked of the states of machines.
func (s *Service) stateRoutes(api huma.API) {
	get(s, api, "/timeline", "machines", "What machines were doing",
		"The states of machines over a range, without a gap in time: where it is not known what a machine was doing, that is said with the reason. "+
			"Times of segments are microseconds since 1970 UTC. With at, it is told as of that moment. With columns, intervals that are narrower than a column are put together under the gravest state, with the time in each.",
		func(ctx context.Context, p *struct {
			RangeParams
			AtParam
			Machine []string `query:"machine,explode" maxItems:"1000" doc:"The slugs of machines; all on the floor where it is left out"`
			Columns int      `query:"columns" minimum:"0" maximum:"10000" doc:"How many pixels wide it is shown; every interval for 0"`
		},
		) (Timeline, error) {
			return s.Timeline(ctx, TimelineQuery{Machines: p.Machine, From: p.from(), To: p.to(), At: parseTime(p.At), Columns: p.Columns})
		})
	get(s, api, "/machines/{slug}/why", "machines", "Why a machine is in its state",
		"The state of a machine now, or with at at that moment, worked out anew from the stored observations: each rule and whether it holds, and the observations that it looks at, those that decide first.",
		func(ctx context.Context, p *struct {
			SlugParam
			AtParam
		},
		) (Why, error) {
			return s.Why(ctx, p.Slug, parseTime(p.At))
		})
	get(s, api, "/machines/{slug}/paths", "machines", "What the paths of a machine were doing",
		"The states of each path of a machine over a range, as its execution, mode and feed override say, without a gap in time. Times of segments are microseconds since 1970 UTC; columns puts narrow ones together as in the timeline.",
		func(ctx context.Context, p *struct {
			SlugParam
			RangeParams
			Columns int `query:"columns" minimum:"0" maximum:"10000" doc:"How many pixels wide it is shown; every interval for 0"`
		},
		) (Paths, error) {
			return s.Paths(ctx, PathQuery{Machine: p.Slug, From: p.from(), To: p.to(), Columns: p.Columns})
		})
}
