package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
)

// stateRoutes registers what can be asked of the states of machines.
func (s *Service) stateRoutes(api huma.API) {
	get(s, api, "/timeline", "machines", "What machines were doing",
		"The states of machines over a range, without a gap in time: where it is not known what a machine was doing, that is said with the reason. "+
			"Times of segments are microseconds since 1970 UTC. With columns, intervals that are narrower than a column are put together under the gravest state, with the time in each.",
		func(ctx context.Context, p *struct {
			RangeParams
			Machine []string `query:"machine,explode" maxItems:"1000" doc:"The slugs of machines; all on the floor where it is left out"`
			Columns int      `query:"columns" minimum:"0" maximum:"10000" doc:"How many pixels wide it is shown; every interval for 0"`
		},
		) (Timeline, error) {
			return s.Timeline(ctx, TimelineQuery{Machines: p.Machine, From: p.from(), To: p.to(), Columns: p.Columns})
		})
}
