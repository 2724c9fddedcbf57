package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/factorydash/factorydash/internal/plant"
)

// csvOperation describes the observations as CSV in the OpenAPI document.
func csvOperation() *huma.Operation {
	text := &huma.Schema{Type: huma.TypeString}
	moment := &huma.Schema{Type: huma.TypeString, Format: "date-time"}
	return &huma.Operation{
		OperationID: "items-id-observations-csv", Method: http.MethodGet, Path: Prefix + "/items/{id}/observations.csv",
		Summary: "Observations of a data item as CSV", Tags: []string{"observations"},
		Description: "All observations of a data item over a range, as many as there are. Lines that begin with # stand before the " +
			"names of the columns and say of what they are: machine, data item, unit, time zone, source and coverage.",
		Parameters: []*huma.Param{
			{In: "path", Name: "id", Required: true, Schema: &huma.Schema{Type: huma.TypeInteger}, Description: "The data item's number"},
			{In: "query", Name: "from", Schema: moment, Description: "The first time, as RFC 3339; one hour before the end where it is left out"},
			{In: "query", Name: "to", Schema: moment, Description: "The time behind the last one, as RFC 3339; now where it is left out"},
			{In: "query", Name: "comments", Schema: &huma.Schema{Type: huma.TypeBoolean, Default: true}, Description: "false leaves the lines with # out"},
		},
		Responses: map[string]*huma.Response{
			"200": {Description: "The observations", Content: map[string]*huma.MediaType{"text/csv": {Schema: text}}},
			"404": {Description: "There is no such data item"},
			"422": {Description: "The range cannot be"},
		},
	}
}

// observationsCSV serves all observations of a data item over a range as CSV. They
// are written as they are read, so there may be any number of them; a client that
// takes longer than WriteTimeout for a part is cut off.
func (s *Service) observationsCSV(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Now().Add(SurveyTimeout + WriteTimeout))
	defer func() { _ = control.SetWriteDeadline(time.Time{}) }()
	about, runs, comments, err := s.surveyCSV(r)
	if err != nil {
		var problem huma.StatusError
		if err = s.problem(ctx, "/items/{id}/observations.csv", err); errors.As(err, &problem) {
			writeProblem(w, problem.GetStatus(), problem.Error())
		}
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", "attachment; filename="+strconv.Quote(csvName(about)))
	write := func(b []byte) error {
		if err := control.SetWriteDeadline(time.Now().Add(WriteTimeout)); err != nil {
			return err
		}
		_, err := w.Write(b)
		return err
	}
	if err := s.writeItemCSV(ctx, about, runs, comments, write); err != nil && ctx.Err() == nil {
		// The status has gone out: a connection that breaks is all that can tell.
		s.log.ErrorContext(ctx, "observations not written to their end", "item", about.Item.ID, "error", err)
		panic(http.ErrAbortHandler)
	}
}

// surveyCSV finds what stands in front of the observations, which is known only
// when all of them have been read once.
func (s *Service) surveyCSV(r *http.Request) (about Statistics, runs []plant.Run, comments bool, err error) {
	q, comments, err := csvQuery(r)
	if err != nil {
		return about, nil, false, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), SurveyTimeout)
	defer cancel()
	about, runs, err = s.survey(ctx, q)
	return about, runs, comments, err
}

// csvQuery reads what is asked for.
func csvQuery(r *http.Request) (q StatisticsQuery, comments bool, err error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 32)
	if err != nil {
		return q, false, plant.Errorf(plant.Invalid, "id: %s is not the number of a data item", quote(r.PathValue("id")))
	}
	q.Item, comments = plant.ItemID(id), true
	if err := CheckQuery(r.URL.RawQuery, []string{"from", "to", "comments"}, nil); err != nil {
		return q, false, err
	}
	said := r.URL.Query()
	for name, at := range map[string]*time.Time{"from": &q.From, "to": &q.To} {
		value := said.Get(name)
		if *at, err = time.Parse(time.RFC3339, value); value != "" && err != nil {
			return q, false, plant.Errorf(plant.Invalid, "%s: %s is not a time such as 2026-01-31T08:00:00Z", name, quote(value))
		}
	}
	if value := said.Get("comments"); value != "" {
		if comments, err = strconv.ParseBool(value); err != nil {
			return q, false, plant.Errorf(plant.Invalid, "comments: use true or false, not %s", quote(value))
		}
	}
	return q, comments, nil
}

// csvName names a file with the observations.
func csvName(about Statistics) string {
	name := about.Item.Machine + "-" + about.Item.DataItemID + "-" + about.From.UTC().Format("20060102T150405Z")
	return strings.Map(func(c rune) rune {
		if c < 0x80 && isWord(byte(c|0x20)) || c == '-' || c == '_' {
			return c
		}
		return '_'
	}, name) + ".csv"
}

// csvPiece is after how many bytes a part of the CSV is written.
const csvPiece = 32 << 10

// writeItemCSV writes the observations that a survey is about.
func (s *Service) writeItemCSV(ctx context.Context, about Statistics, known []plant.Run, comments bool, write func([]byte) error) error {
	it, err := s.findItem(about.Item.ID)
	if err != nil {
		return err
	}
	runs := make(map[plant.RunID]*plant.Run)
	for i := range known {
		runs[known[i].ID] = &known[i]
	}
	b := make([]byte, 0, csvPiece+csvPiece/8)
	if comments {
		b = appendCSVComments(b, about, known, it)
	}
	b = appendCSVHeader(b)
	for o, err := range s.reader.ItemObservations(ctx, []plant.ItemID{it.ID}, about.From.UnixMicro(), about.To.UnixMicro(), false) {
		if err != nil {
			return err
		}
		if runs[o.Run] == nil { // Its run has begun since.
			found, err := s.runsOf(ctx, []plant.Observation{o})
			if err != nil {
				return err
			}
			runs[o.Run] = found[o.Run]
		}
		if b = appendCSVLine(b, it, runs[o.Run], o); len(b) >= csvPiece {
			if err := write(b); err != nil {
				return err
			}
			b = b[:0]
		}
	}
	return write(b)
}

// appendCSVComments appends the lines that say of what a file is.
func appendCSVComments(b []byte, about Statistics, runs []plant.Run, it *item) []byte {
	line := func(name, value string) {
		if value != "" {
			b = append(b, "# "+name+": "+strings.Join(strings.Fields(value), " ")+"\r\n"...)
		}
	}
	e := about.Item
	line("machine", e.MachineName+" ("+e.Machine+")")
	line("item", e.DataItemID)
	line("name", e.Name)
	line("type", strings.TrimSuffix(e.Category+" "+e.Type+" "+e.SubType, " "))
	line("component", e.Component)
	line("unit", it.Units)
	line("time zone", "UTC; times are those of the agent")
	line("from", about.From.UTC().Format(time.RFC3339Nano))
	line("to", about.To.UTC().Format(time.RFC3339Nano))
	instances := make([]string, len(runs))
	for i, run := range runs {
		instances[i] = strconv.FormatUint(run.InstanceID, 10)
		if run.Epoch > 0 {
			instances[i] += fmt.Sprintf(" (run %d)", run.Epoch+1)
		}
	}
	line("source", "agent "+e.Agent)
	line("instance", strings.Join(instances, ", "))
	line("observations", strconv.Itoa(about.Observations))
	line("coverage", fmt.Sprintf("%.2f %% of the range is known", 100*about.Coverage))
	return b
}
