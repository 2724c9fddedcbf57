package web

import (
	"testing"

	"github.com/factorydash/factorydash/internal/api"
)

// figure is one with so many earlier shifts, or none that are enough.
func figure(id, label, verdict string, worse bool, shifts int) api.UsualFigure {
	v := 2.
	return api.UsualFigure{ID: id, Label: label, Value: &v, Verdict: verdict, Worse: worse, Says: "said", P10: &v, Median: &v, P90: &v, Shifts: shifts}
}

func TestHandoverSaysInWhatAShiftDiffered(t *testing.T) {
	for _, test := range []struct {
		verdict, want string
	}{{"worse", "in: Running share, Parts"}, {"better", "in: Alarms"}, {"usual", ""}, {"unsaid", ""}} {
		row := newHandoverRow(api.MachineUsual{Machine: "m", Verdict: test.verdict, Figures: []api.UsualFigure{
			figure("running-share-scheduled", "Running share", "less", true, 9), figure("stops", "Stops", "usual", false, 9),
			figure("alarms", "Alarms", "less", false, 9), figure("parts", "Parts", "less", true, 9),
		}}, "2026-11-25.Late")
		if got := row.In(); got != test.want {
			t.Errorf("%s: %q, want %q", test.verdict, got, test.want)
		}
		row.addTarget(20)
		if got := row.Figures[3].Beside; got != "of 20 for the whole shift" || row.Figures[0].Beside != "" {
			t.Errorf("beside the parts stands %q, beside the share %q", got, row.Figures[0].Beside)
		}
	}
}

func TestHandoverSaysOnceThatThereAreTooFewShifts(t *testing.T) {
	row := func(shifts int) handoverRow {
		return newHandoverRow(api.MachineUsual{Figures: []api.UsualFigure{figure("stops", "Stops", "too-few", false, shifts)}}, "2026-11-25.Late")
	}
	few := []handoverRow{row(0), row(4)}
	if anyUsual(few) || !anyUsual(append(few, row(5))) {
		t.Error("what is usual is known of five shifts, and of no fewer")
	}
	if !few[1].Figures[0].Off() {
		t.Error("a figure does not say that there are too few shifts")
	}
	if few[1].hush(); few[1].Figures[0].Off() {
		t.Error("a figure says what the page says")
	}
}

func TestHandoverSaysWithHowManyShiftsItCompares(t *testing.T) {
	with := func(verdict string, shifts int) api.MachineUsual {
		return api.MachineUsual{Verdict: verdict, Figures: []api.UsualFigure{{Shifts: shifts}}}
	}
	for _, test := range []struct {
		machines []api.MachineUsual
		want     string
	}{
		{[]api.MachineUsual{with("usual", 13), with("worse", 8), with("unsaid", 2)}, "Each machine is compared with its own shifts: of 30 Late shifts of the same working time in the 30 days before, those 8 to 13 of which enough is known."},
		{[]api.MachineUsual{with("usual", 9), with("better", 9), {}}, "Each machine is compared with its own shifts: of 30 Late shifts of the same working time in the 30 days before, those 9 of which enough is known."},
		{[]api.MachineUsual{with("unsaid", 3), with("unsaid", 0)}, "Too few shifts to say what is usual: of 30 Late shifts of the same working time in the 30 days before enough is known of 3 at most, and it takes 5."},
	} {
		if got := basisText(&api.ShiftUsual{Shift: &api.ShiftOn{Name: "Late"}, Earlier: 30, Machines: test.machines}); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}
