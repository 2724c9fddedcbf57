package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
)

// alarmRoutes registers what can be asked about alarms.
func (s *Service) alarmRoutes(api huma.API) {
	get(s, api, "/alarms", "alarms", "Alarms",
		"With active, the warnings and faults that are active now, the gravest first and of these the longest, whatever the range is. "+
			"Without it, those that were active in a range of time, the newest first, with what the machine had and did when they were raised.",
		func(ctx context.Context, p *struct {
			RangeParams
			PageParams
			Active  bool   `query:"active" doc:"For those that are active now"`
			Machine string `query:"machine" maxLength:"200" doc:"The slug of a machine, for its alarms"`
			Level   string `query:"level" enum:"fault,warning" doc:"For alarms whose gravest level this is"`
			Query   string `query:"q" maxLength:"200" doc:"Words that must all stand in what is said of an alarm: machine, code, text, type"`
		},
		) (Alarms, error) {
			return s.Alarms(ctx, AlarmQuery{
				Active: p.Active, From: p.from(), To: p.to(), Machine: p.Machine, Level: p.Level, Text: p.Query, After: p.After, Limit: p.Limit,
			})
		})
	get(s, api, "/alarms/health", "alarms", "Health of the alarms",
		"How often alarms were raised against what people can attend to, and which of them are raised most often, chatter, are over at once, or stay.",
		func(ctx context.Context, p *struct {
			RangeParams
			Machine string `query:"machine" maxLength:"200" doc:"The slug of a machine, for its alarms"`
		},
		) (AlarmHealth, error) {
			return s.AlarmHealth(ctx, p.from(), p.to(), p.Machine)
		})
	get(s, api, "/alarms/{id}", "alarms", "One alarm", "An alarm with what else happened at its machine within 10 minutes, and how it went before.",
		func(ctx context.Context, p *struct {
			ID string `path:"id" maxLength:"100" doc:"The alarm's id, as the list of alarms gives it"`
		},
		) (AlarmDetail, error) {
			return s.Alarm(ctx, p.ID)
		})
}
