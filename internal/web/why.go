package web

import (
	"fmt"
	"net/http"
	"time"

	"github.com/factorydash/factorydash/internal/api"
)

// whyBody is what the page shows that says why a machine is in its state.
type whyBody struct {
	api.Why
	Name   string
	Inputs []whyInput
	// Said is what execution said where it decides, such as Feed hold.
	Said string
	// Past is the moment that was asked for; nil for now.
	Past *time.Time
	Now  time.Time
	JSON string
}

// whyInput is a data item that the rules look at, as it is shown.
type whyInput struct {
	api.WhyInput
	Label, Place string
	Show         shown
	Now          time.Time
}

// why draws why a machine is in its state. It is a page of its own, which the
// machine's page shows in a dialog.
func (s *site) why(w http.ResponseWriter, r *http.Request) {
	slug, now := r.PathValue("machine"), s.now()
	body := whyBody{Now: now, JSON: inForm(r, asJSON)}
	if s.past() {
		body.Past = &now
	}
	m, err := s.views.Machine(r.Context(), slug)
	if err == nil {
		body.Why, err = s.views.Why(r.Context(), slug, s.moment())
	}
	if err != nil {
		s.fail(w, r, fmt.Errorf("why: %w", err))
		return
	}
	body.Name = m.Name
	if body.Word == "" {
		body.Word = "Not known"
	}
	for _, input := range body.Why.Inputs {
		item := api.Item{Type: input.Item.Type, Observed: input.Time != nil, Value: input.Value, Active: input.Active, Category: "EVENT"}
		if input.Level != "" {
			item.Category = "CONDITION"
		}
		if said, ok := input.Value.(string); ok && input.Decides && input.Item.Type == "EXECUTION" {
			body.Said = wordText(said)
		}
		body.Inputs = append(body.Inputs, whyInput{
			WhyInput: input, Label: itemLabel(item), Place: placeText(input.Item.Component), Show: show(item, 1), Now: now,
		})
	}
	p := page{Title: "Why: " + m.Name, Nav: "floor", Body: body, Data: body.Why, Table: whyTable(body.Why)}
	s.draw(w, r, http.StatusOK, "why", p)
}

// Unit is the unit of the value: what decides has none.
func (whyInput) Unit() string { return "" }

func whyTable(v api.Why) *table {
	t := &table{Columns: []string{"decides", "dataItemId", "name", "type", "component", "value", "level", "time", "sequence", "instance", "observation"}}
	for _, in := range v.Inputs {
		var sequence, instance any
		if in.Time != nil {
			sequence, instance = in.Sequence, fmt.Sprint(in.Instance)
		}
		t.Rows = append(t.Rows, []any{in.Decides, in.Item.DataItemID, in.Item.Name, in.Item.Type, in.Item.Component, in.Value, in.Level, cell(in.Time), sequence, instance, in.Observation})
	}
	return t
}
