// Package insight holds what is worked out from observations: the states of
// machines, and series thinned for charts. It is pure: it reads no clock and no
// store, and the same observations give the same result, so what it derives can
// be rebuilt at any time.
package insight
