package web

import (
	"html/template"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

// shownStates are the states in the order in which the floor counts them: from
// what goes well to what is not known.
var shownStates = []plant.State{
	plant.Running, plant.Idle, plant.Setup, plant.Stopped,
	plant.Alarmed, plant.Offline, plant.NoLink,
}

// stateSlugs gives the names of shownStates in addresses.
func stateSlugs() []string {
	slugs := make([]string, len(shownStates))
	for i, s := range shownStates {
		slugs[i] = s.Slug()
	}
	return slugs
}

// stateWord is the word for the slug of a state.
func stateWord(slug string) string {
	for _, s := range shownStates {
		if s.Slug() == slug {
			return s.String()
		}
	}
	return slug
}

// navEntry is an entry of the navigation.
type navEntry struct {
	Glyph, Word, Href string
	Current           bool
}

func newNavEntry(glyph, word, href, current string) navEntry {
	return navEntry{glyph, word, href, glyph == current}
}

// linkWord is the word for how the connection to an agent stands.
func linkWord(s plant.LinkState) string {
	switch s {
	case plant.LinkConnecting:
		return "Connecting"
	case plant.LinkStreaming:
		return "Streaming"
	case plant.LinkPolling:
		return "Polling"
	case plant.LinkCatchingUp:
		return "Catching up"
	case plant.LinkDown:
		return "No link"
	case plant.LinkWaiting:
		return "Waiting for the store"
	}
	return "Not known"
}

// gapWord says in words why sequence numbers are not stored.
func gapWord(r plant.GapReason) string {
	switch r {
	case plant.GapOverrun:
		return "Overrun: the agent's buffer dropped them before they were read"
	case plant.GapRestart:
		return "Restart: the agent restarted, and what was not read of the old instance is gone"
	case plant.GapRejected:
		return "Rejected: they came and could not be stored"
	case plant.GapMissing:
		return "Missing: the agent answered for the range without them, twice"
	case plant.GapUnrecorded:
		return "Unrecorded: the imported recording does not hold them"
	}
	return string(r)
}

// span is a number of seconds as a duration.
func span(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

// counted is countedText for the kinds of numbers that templates have; nil is not
// known.
func counted(n any, one string) string {
	switch n := n.(type) {
	case int:
		return countedText(float64(n), one)
	case int64:
		return countedText(float64(n), one)
	case float64:
		return countedText(n, one)
	case *float64:
		if n != nil {
			return countedText(*n, one)
		}
	}
	return unknown + " " + one + "s"
}

// functions are what the templates call.
func functions(a *assets) template.FuncMap {
	return template.FuncMap{
		"asset":     a.url,
		"duration":  func(seconds float64) string { return durationText(span(seconds)) },
		"delay":     func(seconds float64) string { return delayText(span(seconds)) },
		"skew":      func(seconds float64) string { return skewText(span(seconds)) },
		"count":     countText,
		"counted":   counted,
		"count64":   func(n int) string { return countText(int64(n)) },
		"percent":   percentText,
		"measure":   measureText,
		"bytes":     bytesText,
		"took":      func(seconds float64) string { return tookText(span(seconds)) },
		"moment":    newMoment,
		"lost":      lostText,
		"damage":    damageText,
		"rate":      rateText,
		"alarmRate": alarmRateText,
		"clock":     clockText,
		"full":      fullText,
		"word":      wordText,
		"known":     knownText,
		"rule":      ruleText,
		"cause":     causeText,
		"place":     placeText,
		"linkWord":  linkWord,
		"gapWord":   gapWord,
		"instant":   func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) },
		"since":     func(t, now time.Time) string { return durationText(now.Sub(t)) },
		"until":     func(t, now time.Time) string { return durationText(t.Sub(now)) },
		"entry":     newNavEntry,
		"row":       func(c api.Condition, now time.Time) conditionRow { return conditionRow{c, now} },
		"state":     stateWord,

		"rangeStep": newRangeStep,
	}
}
