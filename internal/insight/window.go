package insight

// Window is a stretch of time, From ≤ t < To, in microseconds since 1970 UTC.
type Window struct{ From, To int64 }
