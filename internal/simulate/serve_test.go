package simulate_test

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/simulate"
	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// serve puts an agent over a source and gives a client of it.
func serve(t testing.TB, source agent.Source, o agent.Options) *mtconnect.Client {
	t.Helper()
	handler := agent.New(source, o)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	t.Cleanup(handler.Close)
	client, err := mtconnect.NewClient(server.URL, mtconnect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// sampleAll reads everything that an agent holds, page by page, and gives how
// many observations it read.
func sampleAll(t testing.TB, client *mtconnect.Client, source agent.Source, f func(*mtconnect.Observation)) uint64 {
	t.Helper()
	from, end := source.Bounds()
	read := uint64(0)
	for from < end {
		query := mtconnect.SampleQuery{From: from, Count: 50_000}
		err := client.Sample(t.Context(), query, func(r *mtconnect.StreamsReader) error {
			header, err := r.Header()
			if err != nil {
				return err
			}
			from = header.NextSequence
			for {
				o, err := r.Next()
				if errors.Is(err, io.EOF) {
					return nil
				}
				if err != nil {
					return err
				}
				read++
				f(o)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return read
}

func TestShopServedAsAgents(t *testing.T) {
	s := newShop(t, monday, simulate.ShopConfig{Seed: 1})
	end := monday.Add(30 * time.Minute)
	advance(t, s, end)
	for _, a := range s.Agents() {
		t.Run(a.Name, func(t *testing.T) {
			client := serve(t, a.Source, agent.Options{Namespaces: a.Namespaces, Now: func() time.Time { return end }})
			probe, _, err := client.Probe(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			types := make(map[string]string)
			for i := range probe.Devices {
				for _, item := range itemsOf(&probe.Devices[i].Component, func(*mtconnect.DataItem) bool { return true }) {
					types[item.ID] = item.Type
				}
			}
			if skew := a.Source.Info().ClockSkew; !probe.Header.CreationTime.Equal(end.Add(skew)) {
				t.Errorf("created %s, want the clock and its skew of %s", probe.Header.CreationTime, skew)
			}
			_, next := a.Source.Bounds()
			read := sampleAll(t, client, a.Source, func(o *mtconnect.Observation) {
				if types[o.DataItemID] == "" {
					t.Errorf("observation of %q, which is not in the probe document", o.DataItemID)
				}
				if types[o.DataItemID] == "x:WIRE_TENSION" && (o.Prefix != "x" || o.Element != "WireTension") {
					t.Errorf("%s: served as %s:%s", o.DataItemID, o.Prefix, o.Element)
				}
			})
			if read != next-1 {
				t.Errorf("read %d of %d observations", read, next-1)
			}
			if now := current(t, client); len(now) != len(types) {
				t.Errorf("current has %d data items, the probe document %d", len(now), len(types))
			}
			assets, err := client.Assets(t.Context(), mtconnect.AssetsQuery{})
			if err != nil || len(assets.Assets) == 0 {
				t.Errorf("assets: %d, error %v", len(assets.Assets), err)
			}
		})
	}
}

// current counts the observations of each data item in a current document.
func current(t *testing.T, client *mtconnect.Client) map[string]int {
	t.Helper()
	counts := make(map[string]int)
	err := client.Current(context.Background(), mtconnect.CurrentQuery{}, func(r *mtconnect.StreamsReader) error {
		for {
			o, err := r.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			counts[o.DataItemID]++
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return counts
}
