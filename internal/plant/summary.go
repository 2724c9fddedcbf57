package plant

// Summary is one or more consecutive observations of one item of one run, in
// order of time, put together. Those of more than one are all numbers.
type Summary struct {
	// Count is how many they are, at least 1.
	Count int
	// First and Last are the first and the last of them; the same where they are
	// one.
	First, Last Observation
	// Low and High are the lowest and the highest, of equal ones the first; LowAt
	// and HighAt are their places among them, from 0. They are not set where they
	// are one.
	Low, High     Observation
	LowAt, HighAt int
}

// Single gives the summary of one observation.
func Single(o Observation) Summary { return Summary{Count: 1, First: o, Last: o} }
