package agent_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

func ExampleNew() {
	ring, err := agent.NewRing(agent.RingConfig{
		Info: agent.Info{Sender: "shop", Version: "1.0", SchemaVersion: "2.0", InstanceID: 1},
		Devices: []mtconnect.Device{{
			UUID: "mill-1",
			Component: mtconnect.Component{
				Type: "Device", ID: "d", Name: "Mill",
				DataItems: []mtconnect.DataItem{{ID: "avail", Category: mtconnect.Event, Type: "AVAILABILITY"}},
			},
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	if _, err := ring.Add(agent.Observation{DataItemID: "avail", Value: "AVAILABLE", Time: at.UnixMicro()}); err != nil {
		fmt.Println(err)
		return
	}
	// An Agent is an http.Handler: hand it to an http.Server.
	w := httptest.NewRecorder()
	agent.New(ring, agent.Options{}).ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/current", nil))
	_, events, _ := strings.Cut(w.Body.String(), "<Events>")
	events, _, _ = strings.Cut(events, "</Events>")
	fmt.Println(events)
	// Output: <Availability dataItemId="avail" sequence="1" timestamp="2026-03-01T08:00:00Z">AVAILABLE</Availability>
}
