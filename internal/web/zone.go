package web

import (
	"net/http"
	"time"
)

// zoneCookie is where a reader's choice of a time zone is kept: the name of a zone
// as IANA has it. Without one, times are in the zone of the plant.
const zoneCookie = "factorydash-zone"

// forReader gives the site with its times in the zone that the reader of a request
// has chosen. What a shift or a day is stays a matter of the plant's zone.
func (s *site) forReader(r *http.Request) *site {
	cookie, err := r.Cookie(zoneCookie)
	if err != nil {
		return s
	}
	zone, err := time.LoadLocation(cookie.Value)
	if err != nil || cookie.Value == "" || cookie.Value == "Local" {
		return s // A zone that this server does not know, or none.
	}
	own := *s
	own.now = func() time.Time { return s.now().In(zone) }
	own.chosenZone = true
	return &own
}
