package insight_test

import (
	"testing"

	"github.com/factorydash/factorydash/internal/insight"
)

func TestProduct(t *testing.T) {
	availability := insight.NewFigure("running-share", "Running share", "s", 3600, 7200, 0.8, "no data")
	performance := insight.Performance(2700, 3600, 1)
	both := insight.Product(insight.FigureAxP, "A x P", availability, performance)
	if both.Value == nil || *both.Value != 0.375 || both.Coverage != 0.8 {
		t.Errorf("%+v", both)
	}
	none := insight.Product(insight.FigureOEE, "OEE", availability, performance, insight.Quality(0, 0, 1))
	if none.Value != nil || none.Note != "Quality: not measured" {
		t.Errorf("%+v", none)
	}
}
