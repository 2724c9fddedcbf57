package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/factorydash/factorydash/internal/plant"
)

// workRoutes registers what can be asked of the work of machines.
func (s *Service) workRoutes(api huma.API) {
	get(s, api, "/machines/{slug}/lane", "machines", "What a machine did",
		"Programs, tools, modes, cycles, parts and gaps of a machine over a range, on one axis of time. Times within are microseconds since 1970 UTC.",
		func(ctx context.Context, p *struct {
			SlugParam
			RangeParams
			Columns int `query:"columns" minimum:"1" maximum:"4000" default:"1000" doc:"How many pixels wide it is shown: what is narrower is put together"`
		},
		) (Lane, error) {
			return s.Lane(ctx, LaneQuery{Machine: p.Slug, From: p.from(), To: p.to(), Columns: p.Columns})
		})
	get(s, api, "/machines/{slug}/usual", "machines", "What is usual of a machine's samples",
		"Between which numbers samples of a machine are for 80 % of the time: in the last complete runs of the program that it runs, or where there are too few of these, while it was running; "+
			"with how much was looked at. The numbers are null where that is too little.",
		func(ctx context.Context, p *struct {
			SlugParam
			AtParam
			Item []int32 `query:"item,explode" required:"true" minItems:"1" maxItems:"20" doc:"The numbers of samples of the machine"`
		},
		) (Usual, error) {
			q := UsualQuery{Machine: p.Slug, At: parseTime(p.At)}
			for _, id := range p.Item {
				q.Items = append(q.Items, plant.ItemID(id))
			}
			return s.Usual(ctx, q)
		})
	get(s, api, "/machines/{slug}/cycles", "machines", "Cycles of a machine",
		"The runs of programs of which a part is in the range, the oldest first, and how those of each program went.",
		func(ctx context.Context, p *struct {
			SlugParam
			RangeParams
			Program string `query:"program" maxLength:"1000" doc:"A program, for the cycles of that one"`
		},
		) (Cycles, error) {
			return s.Cycles(ctx, CycleQuery{Machine: p.Slug, Program: p.Program, From: p.from(), To: p.to()})
		})
	get(s, api, "/machines/{slug}/parts", "machines", "Parts of a machine",
		"What became of the part counter of a machine: what was made, and where the counter was reset, jumped or was not known.",
		func(ctx context.Context, p *struct {
			SlugParam
			RangeParams
		},
		) (Parts, error) {
			return s.Parts(ctx, PartQuery{Machine: p.Slug, From: p.from(), To: p.to()})
		})
	get(s, api, "/production", "machines", "What machines made",
		"Parts, cycle times by program, and figures of machines over a range, and of all of them together: sums, and figures of sums.",
		func(ctx context.Context, p *struct {
			RangeParams
			Machine []string `query:"machine,explode" maxItems:"500" doc:"Slugs of machines; all machines where it is left out"`
		},
		) (Production, error) {
			return s.Production(ctx, ProductionQuery{Machines: p.Machine, From: p.from(), To: p.to()})
		})
	get(s, api, "/shift/parts", "machines", "What machines made in the shift that is on",
		"The parts of the machines for which the shop file has a target, beside what they are to have made by now, or with at by that moment.",
		func(ctx context.Context, p *struct {
			At string `query:"at" format:"date-time" maxLength:"64" doc:"A moment of the past by the agent's timestamps, as RFC 3339" example:"2026-01-31T08:00:00Z"`
		},
		) (ShiftParts, error) {
			return s.ShiftParts(ctx, parseTime(p.At))
		})
	get(s, api, "/shift/usual", "machines", "Whether a shift was as usual",
		"What machines did in a shift beside what the same machines did in the shifts of the same name and working time in the 30 days before: running share, stops, alarms, parts and cycle time, "+
			"with the median, the 10 and 90 % quantiles and how many shifts these stand on. Of one machine, these shifts are given too. Of a shift that is on, and of those before it, what is before until counts.",
		func(ctx context.Context, p *struct {
			AtParam
			Brief   bool     `query:"brief" doc:"To leave the machines out, and say in a sentence how they did"`
			Shift   string   `query:"shift" maxLength:"100" doc:"A day and the name of a shift of it; the shift that ended last where it is left out" example:"2026-01-31.Early"`
			Machine []string `query:"machine,explode" maxItems:"500" doc:"Slugs of machines; all on the floor where it is left out"`
		},
		) (ShiftUsual, error) {
			return s.ShiftUsual(ctx, ShiftUsualQuery{Shift: p.Shift, Machines: p.Machine, Brief: p.Brief, At: parseTime(p.At)})
		})
}
