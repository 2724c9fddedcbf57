package postgres_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/postgres"
	"github.com/factorydash/factorydash/internal/store/postgres/pgtest"
)

// TestMachinedata looks at every kind of observation in SQL.
func TestMachinedata(t *testing.T) {
	s := open(t, pgtest.Database(t), postgres.Options{})
	agent, err := s.PutAgent(t.Context(), plant.Agent{Name: "a", URL: "http://a"})
	if err != nil {
		t.Fatal(err)
	}
	inventory, err := s.SaveModel(t.Context(), plant.Model{Agent: agent.ID, Digest: "1", Devices: []plant.ModelDevice{{
		Device: plant.Device{Name: "Mill 1"}, Items: []plant.DataItem{
			{DataItemID: "l", Name: "load", Category: plant.Sample, Type: "LOAD"},
			{DataItemID: "e", Category: plant.Event, Type: "EXECUTION"},
			{DataItemID: "c", Name: "system", Category: plant.Condition, Type: "SYSTEM"},
		},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	run, err := s.StartRun(t.Context(), 0, plant.Run{Agent: agent.ID, InstanceID: 1, First: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &store.Batch{Run: run.ID, Expect: 1, Next: 1}
	moment := time.Date(2026, 11, 25, 10, 0, 0, 123_456_000, time.UTC)
	say := func(item int, o plant.Observation) {
		o.Item, o.Sequence, o.Time = inventory.Items[item].ID, b.Next, moment.UnixMicro()+b.Next
		b.Next++
		b.Observations = append(b.Observations, o)
	}
	say(0, plant.Observation{Value: plant.Value{Kind: plant.Number, Number: 0.1}})
	say(0, plant.Observation{Value: plant.Value{Kind: plant.Number, Number: 42}, Extra: `{"statistic":"AVERAGE"}`})
	say(0, plant.Observation{})
	say(1, plant.Observation{Value: plant.Value{Kind: plant.Text, Text: "ACTIVE"}})
	say(1, plant.Observation{Value: plant.Value{Kind: plant.Set, Text: `{"a":1}`}})
	say(2, plant.Observation{Alarm: &plant.Alarm{Level: plant.LevelNormal}})
	say(2, plant.Observation{Alarm: &plant.Alarm{Level: plant.LevelFault, NativeCode: "7", Text: "Öl\x00"}})
	say(2, plant.Observation{Alarm: &plant.Alarm{Level: plant.LevelUnavailable}})
	if err := s.Commit(t.Context(), []*store.Batch{b}); err != nil || b.Err != nil {
		t.Fatal(err, b.Err)
	}
	rows, err := s.Write().Query(t.Context(), `
		SELECT concat_ws('|', machine_id, name, value, sequence, category, type, timestamp AT TIME ZONE 'UTC')
		FROM machinedata ORDER BY timestamp`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"mill-1|load|0.1|1|SAMPLE|LOAD|2026-11-25 10:00:00.123457",
		"mill-1|load|42|2|SAMPLE|LOAD|2026-11-25 10:00:00.123458",
		"mill-1|load|3|SAMPLE|LOAD|2026-11-25 10:00:00.123459",
		"mill-1|e|ACTIVE|4|EVENT|EXECUTION|2026-11-25 10:00:00.12346",
		`mill-1|e|{"a":1}|5|EVENT|EXECUTION|2026-11-25 10:00:00.123461`,
		"mill-1|system|Normal|6|CONDITION|SYSTEM|2026-11-25 10:00:00.123462",
		"mill-1|system|Fault|7|CONDITION|SYSTEM|2026-11-25 10:00:00.123463",
		"mill-1|system|8|CONDITION|SYSTEM|2026-11-25 10:00:00.123464",
	}
	want[7] = "mill-1|system|Unavailable|8|CONDITION|SYSTEM|2026-11-25 10:00:00.123464"
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("machinedata:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestMachinedataPlans holds the plans of what people ask most to the indexes: they
// read little of 200,000 rows in several partitions. That of the newest rows does
// before the tables are analyzed too.
func TestMachinedataPlans(t *testing.T) {
	c := newClock()
	url := pgtest.Database(t)
	s := openPlant(t, url, c.options())
	for range 4 {
		write(t, s, 100)
		c.add(time.Hour)
	}
	// Four tables, and those made ahead.
	seal(t, s, time.Time{})
	tables, err := s.Write().Query(t.Context(), `SELECT tableoid::regclass::text FROM observations GROUP BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(tables, pgx.RowTo[string])
	if err != nil || len(names) != 4 {
		t.Fatalf("tables %v, %v", names, err)
	}
	for i, name := range names {
		exec1(t, url, fmt.Sprintf(`
			INSERT INTO %s (time, sequence, number, item, instance)
			SELECT n * 1000, n, n, 1 + n %% 2, 1 FROM generate_series(%d, %d) n`, name, i*50_000+1_000, i*50_000+50_999))
	}
	check := func(query string) {
		t.Helper()
		// 200,000 rows and their indexes have 4,000 pages.
		if buffers, plan := explain(t, s, query); buffers > 200 {
			t.Errorf("%s reads %d pages:\n%s", query, buffers, plan)
		}
	}
	newest := `SELECT * FROM machinedata ORDER BY timestamp DESC LIMIT 10`
	check(newest)
	exec1(t, url, `ANALYZE`)
	check(newest)
	check(`SELECT * FROM machinedata WHERE machine_id = 'm' ORDER BY timestamp DESC LIMIT 10`)
	check(`SELECT * FROM machinedata WHERE item = 1 ORDER BY timestamp DESC LIMIT 10`)
	check(`SELECT * FROM machinedata WHERE timestamp > '1970-01-01 00:03:20.9Z' ORDER BY timestamp`)
	check(`SELECT * FROM machinedata WHERE timestamp BETWEEN '1970-01-01 00:01:00Z' AND '1970-01-01 00:01:01Z' AND name = 'x' ORDER BY timestamp`)
}

// explain executes a query, and gives how many pages it read and its plan.
func explain(t *testing.T, s *postgres.Store, query string) (buffers int, plan string) {
	t.Helper()
	rows, err := s.Write().Query(t.Context(), `EXPLAIN (ANALYZE, BUFFERS, TIMING off) `+query)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		if _, counts, ok := strings.Cut(line, "Buffers: "); ok && buffers == 0 { // of the whole plan
			for field := range strings.FieldsSeq(counts) {
				var n int
				if _, err := fmt.Sscanf(field, "hit=%d", &n); err == nil {
					buffers += n
				} else if _, err := fmt.Sscanf(field, "read=%d", &n); err == nil {
					buffers += n
				}
			}
		}
	}
	return buffers, strings.Join(lines, "\n")
}
