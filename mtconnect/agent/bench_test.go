package agent_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// sink takes what is written and counts it.
type sink struct {
	header http.Header
	bytes  int64
}

func (s *sink) Header() http.Header { return s.header }
func (s *sink) WriteHeader(int)     {}
func (s *sink) Write(b []byte) (int, error) {
	s.bytes += int64(len(b))
	return len(b), nil
}

// shop is a ring of n observations of 20 mills, times a few milliseconds apart.
func shop(b *testing.B, n int) *agent.Ring {
	var devices []mtconnect.Device
	var ids []string
	for i := range 20 {
		d := mill()
		d.Name, d.UUID = fmt.Sprint("Mill", i), fmt.Sprint("uuid-", i)
		d.ID = fmt.Sprint("mill", i)
		x := &d.Components[0].Components[0]
		for _, c := range []*mtconnect.Component{&d.Component, &d.Components[0], x, &d.Components[1]} {
			if c != &d.Component {
				c.ID = fmt.Sprint(c.ID, i)
			}
			for j := range c.DataItems {
				c.DataItems[j].ID = fmt.Sprint(c.DataItems[j].ID, i)
			}
		}
		ids = append(ids, fmt.Sprint("xpos", i), fmt.Sprint("exec", i), fmt.Sprint("avail", i), fmt.Sprint("xpos", i))
		devices = append(devices, d)
	}
	in := info("2.7")
	in.BufferSize = uint64(n)
	r, err := agent.NewRing(agent.RingConfig{Info: in, Devices: devices})
	if err != nil {
		b.Fatal(err)
	}
	var observations []agent.Observation
	for i := range n {
		observations = append(observations, agent.Observation{
			DataItemID: ids[i%len(ids)], Value: fmt.Sprintf("%d.%04d", i%500, i%10000), Time: 1_700_000_000_000_000 + int64(i)*1700,
		})
	}
	add(b, r, observations...)
	return r
}

// BenchmarkServeSample serves pages of 10,000 observations over the whole ring.
func BenchmarkServeSample(b *testing.B) {
	const n, count = 100_000, 10_000
	a := agent.New(shop(b, n), agent.Options{})
	w := &sink{header: make(http.Header)}
	b.ReportAllocs()
	pages := 0
	for b.Loop() {
		target := fmt.Sprintf("/sample?count=%d&from=%d", count, 1+pages%(n/count)*count)
		a.ServeHTTP(w, httptest.NewRequestWithContext(b.Context(), http.MethodGet, target, nil))
		pages++
	}
	seconds := b.Elapsed().Seconds()
	b.ReportMetric(float64(pages*count)/seconds/1e6, "Mobs/s")
	b.ReportMetric(float64(w.bytes)/seconds/1e6, "MB/s")
}

// BenchmarkAdd adds to a full ring, so that each observation drops another.
func BenchmarkAdd(b *testing.B) {
	r := shop(b, 10_000)
	batch := make([]agent.Observation, 1000)
	for i := range batch {
		batch[i] = agent.Observation{DataItemID: fmt.Sprint("xpos", i%20), Value: "1.5"}
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		add(b, r, batch...)
		n += len(batch)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds()/1e6, "Mobs/s")
}

// BenchmarkCurrentAt asks for a state in the middle of a full ring.
func BenchmarkCurrentAt(b *testing.B) {
	r := shop(b, 1<<20)
	for b.Loop() {
		if err := r.Current(b.Context(), 1<<19, func(*agent.Observation) {}); err != nil {
			b.Fatal(err)
		}
	}
}
