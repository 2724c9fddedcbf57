package insight

import "strings"

// The definitions of figures that the work of machines tells.
const (
	FigurePerformance = "performance"
	FigureQuality     = "quality"
	FigureAxP         = "a-x-p"
	FigureOEE         = "oee"
)

// What stands in place of a value.
const (
	NoteNotSet      = "not set"
	NoteNotMeasured = "not measured"
)

// Performance is how long what was made would have taken at best, of the time that
// it took: ideal and running are in seconds, added up over runs of programs, each
// with the ideal time of its own program. It may be above 1.
func Performance(ideal, running, coverage float64) Figure {
	return NewFigure(FigurePerformance, "Performance", "s", ideal, running, coverage, NoteNotSet)
}

// Quality is the part of what was made that is good.
func Quality(good, total, coverage float64) Figure {
	return NewFigure(FigureQuality, "Quality", "parts", good, total, coverage, NoteNotMeasured)
}

// Product is a figure that others are multiplied to; it has no value where one of
// them has none. It is known as well as the least known of them.
func Product(id, label string, factors ...Figure) Figure {
	numerator, denominator, coverage := 1.0, 1.0, 1.0
	var missing []string
	for _, f := range factors {
		coverage = min(coverage, f.Coverage)
		if f.Value == nil {
			missing = append(missing, f.Label+": "+f.Note)
			continue
		}
		numerator *= f.Numerator
		denominator *= f.Denominator
	}
	if missing != nil {
		denominator = 0
	}
	return NewFigure(id, label, "", numerator, denominator, coverage, strings.Join(missing, ", "))
}
