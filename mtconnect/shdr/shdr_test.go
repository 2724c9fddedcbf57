package shdr_test

import (
	"bufio"
	"compress/gzip"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/factorydash/factorydash/mtconnect/shdr"
)

// kinds are those of the keys of the tests, by their first letters.
func kinds(_, key string) shdr.Kind {
	for prefix, kind := range map[string]shdr.Kind{
		"cond": shdr.Condition, "msg": shdr.Message, "ts": shdr.TimeSeries, "set": shdr.DataSet,
		"table": shdr.Table, "count": shdr.Resettable, "asset": shdr.AssetEvent, "unknown": shdr.Unknown,
	} {
		if strings.HasPrefix(key, prefix) {
			return kind
		}
	}
	return shdr.Plain
}

var at = time.Date(2014, 9, 29, 23, 59, 33, 460470000, time.UTC)

const stamp = "2014-09-29T23:59:33.46047Z"

func TestParse(t *testing.T) {
	items := func(i ...shdr.Item) shdr.Line { return shdr.Line{Time: at, Items: i} }
	tests := map[string]struct {
		text string
		want shdr.Line
	}{
		"one":         {stamp + "|exec|ACTIVE", items(shdr.Item{Key: "exec", Value: "ACTIVE"})},
		"several":     {stamp + "|a|1|b| 2 |c|", items(shdr.Item{Key: "a", Value: "1"}, shdr.Item{Key: "b", Value: "2"}, shdr.Item{Key: "c"})},
		"no time":     {"|avail|AVAILABLE", shdr.Line{Items: []shdr.Item{{Key: "avail", Value: "AVAILABLE"}}}},
		"key first":   {"avail|unavailable", shdr.Line{Items: []shdr.Item{{Key: "avail", Value: "UNAVAILABLE"}}}},
		"no zone":     {"2014-09-29T23:59:33.46047|a|1", items(shdr.Item{Key: "a", Value: "1"})},
		"offset":      {"2014-09-30T01:59:33.46047+02:00|a|1", items(shdr.Item{Key: "a", Value: "1"})},
		"duration":    {stamp + "@100.5|a|1", shdr.Line{Time: at, Duration: 100.5, Items: []shdr.Item{{Key: "a", Value: "1"}}}},
		"device":      {stamp + "|mill:exec|READY", items(shdr.Item{Device: "mill", Key: "exec", Value: "READY"})},
		"pipe":        {stamp + `|a|"x \| \"y\" \\"|b|1`, items(shdr.Item{Key: "a", Value: `x | "y" \`}, shdr.Item{Key: "b", Value: "1"})},
		"open quote":  {stamp + `|a|"x|b|y"`, items(shdr.Item{Key: "a", Value: `"x`}, shdr.Item{Key: "b", Value: `y"`})},
		"backslashes": {stamp + `|program|TNC:\BRIAN\WARMUP.H`, items(shdr.Item{Key: "program", Value: `TNC:\BRIAN\WARMUP.H`})},
		"condition": {stamp + "|cond|warning|HTEMP:c1|1|HIGH|Oil hot|a|1", items(
			shdr.Item{Key: "cond", Kind: shdr.Condition, Level: "WARNING", NativeCode: "HTEMP", ConditionID: "c1", NativeSeverity: "1", Qualifier: "HIGH", Value: "Oil hot"},
			shdr.Item{Key: "a", Value: "1"})},
		"short condition": {stamp + "|cond|NORMAL", items(shdr.Item{Key: "cond", Kind: shdr.Condition, Level: "NORMAL"})},
		"message":         {stamp + "|msg|CHG|Change it", items(shdr.Item{Key: "msg", Kind: shdr.Message, NativeCode: "CHG", Value: "Change it"})},
		"no message":      {stamp + "|msg|UNAVAILABLE", items(shdr.Item{Key: "msg", Kind: shdr.Message, Value: "UNAVAILABLE"})},
		"asset event":     {stamp + "|asset|CuttingTool|T1", items(shdr.Item{Key: "asset", Kind: shdr.AssetEvent, AssetType: "CuttingTool", Value: "T1"})},
		"time series":     {stamp + "|ts|3|100.5|1 2 3", items(shdr.Item{Key: "ts", Kind: shdr.TimeSeries, Count: 3, Rate: 100.5, Value: "1 2 3"})},
		"reset":           {stamp + "|count|0:day", items(shdr.Item{Key: "count", Kind: shdr.Resettable, Value: "0", Reset: "DAY"})},
		"data set": {stamp + `|set|a=1 b="x y" c={p q} d= e`, items(shdr.Item{Key: "set", Kind: shdr.DataSet, Entries: []shdr.Entry{
			{Key: "a", Value: "1"}, {Key: "b", Value: "x y"}, {Key: "c", Value: "p q"}, {Key: "d", Removed: true}, {Key: "e", Removed: true},
		}})},
		"data set reset": {stamp + "|set|:MANUAL a=1", items(shdr.Item{Key: "set", Kind: shdr.DataSet, Reset: "MANUAL", Entries: []shdr.Entry{{Key: "a", Value: "1"}}})},
		"no data set":    {stamp + "|set|UNAVAILABLE", items(shdr.Item{Key: "set", Kind: shdr.DataSet, Value: "UNAVAILABLE"})},
		"table": {stamp + "|table|G53.1={X=1.0 Y=2.0 s='string with space'} G53.2", items(shdr.Item{Key: "table", Kind: shdr.Table, Entries: []shdr.Entry{
			{Key: "G53.1", Cells: []shdr.Cell{{"X", "1.0"}, {"Y", "2.0"}, {"s", "string with space"}}}, {Key: "G53.2", Removed: true},
		}})},
		"unknown":      {stamp + "|a|1|unknown|x||y|", items(shdr.Item{Key: "a", Value: "1"}, shdr.Item{Key: "unknown", Kind: shdr.Unknown, Fields: []string{"x", "", "y", ""}})},
		"ping":         {"* PING", shdr.Line{Command: &shdr.Command{Name: "PING"}}},
		"pong":         {"* PONG 10000", shdr.Line{Command: &shdr.Command{Name: "PONG", Value: "10000"}}},
		"command":      {"* uuid: 000 1", shdr.Line{Command: &shdr.Command{Name: "uuid", Value: "000 1"}}},
		"asset":        {stamp + "|@ASSET@|T1|CuttingTool|<CuttingTool/>", shdr.Line{Time: at, Asset: &shdr.Asset{Action: shdr.Put, ID: "T1", Type: "CuttingTool", Body: "<CuttingTool/>"}}},
		"remove asset": {stamp + "|@REMOVE_ASSET@|T1", shdr.Line{Time: at, Asset: &shdr.Asset{Action: shdr.Remove, ID: "T1"}}},
		"remove all":   {stamp + "|@REMOVE_ALL_ASSETS@|CuttingTool", shdr.Line{Time: at, Asset: &shdr.Asset{Action: shdr.RemoveAll, Type: "CuttingTool"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := shdr.Parse(tt.text, kinds)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
			again(t, got)
		})
	}
}

// again checks that a line is the same after it is written and read.
func again(t *testing.T, l *shdr.Line) {
	t.Helper()
	text, err := l.Append(nil)
	if err != nil {
		t.Fatalf("%+v cannot be written: %v", l, err)
	}
	got, err := shdr.Parse(string(text), kinds)
	if err != nil {
		t.Fatalf("%q cannot be read: %v", text, err)
	}
	if diff := cmp.Diff(l, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%q: %s", text, diff)
	}
}

func TestParseSaysWhere(t *testing.T) {
	for text, column := range map[string]int{
		"":                              1,
		"*":                             2,
		stamp:                           len(stamp) + 1,
		"2014-13-29T23:59:33Z|a|1":      1,
		stamp + "@x|a|1":                1,
		stamp + "|a|1|b":                len(stamp) + 7,
		stamp + "||1":                   len(stamp) + 2,
		stamp + "|a|1|:b|1":             len(stamp) + 6,
		stamp + "|cond|BAD":             len(stamp) + 7,
		stamp + "|ts|x|1|1 2":           len(stamp) + 5,
		stamp + "|ts|1|-1|1 2":          len(stamp) + 7,
		stamp + "|set|=1":               len(stamp) + 6,
		stamp + "|set|a='x":             len(stamp) + 6,
		stamp + "|table|r=1":            len(stamp) + 8,
		stamp + "|table|r={a=1":         len(stamp) + 8,
		stamp + "|@NOPE@|x":             len(stamp) + 2,
		stamp + "|@ASSET@|x":            len(stamp) + 2,
		stamp + "|@REMOVE_ASSET@|x|a|1": len(stamp) + 19,
		stamp + "|a|1|@REMOVE_ASSET@|x": len(stamp) + 6,
		"a|b\x00":                       4,
	} {
		_, err := shdr.Parse(text, kinds)
		var s *shdr.SyntaxError
		if !errors.As(err, &s) || s.Column != column {
			t.Errorf("%q: %v, want column %d", text, err, column)
		}
	}
}

func TestAppendRefuses(t *testing.T) {
	item := func(i shdr.Item) shdr.Line { return shdr.Line{Items: []shdr.Item{i}} }
	for name, l := range map[string]shdr.Line{
		"nothing":           {},
		"line break":        item(shdr.Item{Key: "a", Value: "x\ny"}),
		"no key":            item(shdr.Item{Value: "x"}),
		"colon in key":      item(shdr.Item{Key: "a:b"}),
		"level":             item(shdr.Item{Key: "cond", Kind: shdr.Condition, Level: "BAD"}),
		"colon in code":     item(shdr.Item{Key: "cond", Kind: shdr.Condition, Level: "FAULT", NativeCode: "a:b"}),
		"space in set key":  item(shdr.Item{Key: "set", Kind: shdr.DataSet, Entries: []shdr.Entry{{Key: "a b"}}}),
		"value of a set":    item(shdr.Item{Key: "set", Kind: shdr.DataSet, Value: "x"}),
		"duration, no time": {Duration: 1, Items: []shdr.Item{{Key: "a"}}},
		"year":              {Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), Items: []shdr.Item{{Key: "a"}}},
	} {
		if b, err := l.Append([]byte("before")); err == nil || string(b) != "before" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}

func TestReader(t *testing.T) {
	in := "a|1\r\n\n" +
		"cond|BAD\n" +
		strings.Repeat("x", shdr.MaxLine+1) + "\n" +
		stamp + "|@ASSET@|T1|CuttingTool|--multiline--AB\n<CuttingTool>\n</CuttingTool>\n--multiline--AB\n" +
		"cond|FAULT|1|||\xdcberlast 5 \xb5m, größer\n" +
		"b|2"
	r := shdr.NewReader(strings.NewReader(in), kinds)
	read := func() *shdr.Line {
		t.Helper()
		l, err := r.Read()
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	fails := func(line int) {
		t.Helper()
		_, err := r.Read()
		var s *shdr.SyntaxError
		if !errors.As(err, &s) || s.Line != line {
			t.Errorf("error %v, want one of line %d", err, line)
		}
	}
	if l := read(); l.Items[0].Value != "1" {
		t.Errorf("line 1: %+v", l)
	}
	fails(3)
	fails(4)
	if l := read(); l.Asset == nil || l.Asset.Body != "<CuttingTool>\n</CuttingTool>" {
		t.Errorf("asset: %+v", l.Asset)
	}
	if l := read(); l.Items[0].Value != "Überlast 5 µm, größer" {
		t.Errorf("a line that is not all UTF-8: %+v", l)
	}
	if l := read(); l.Items[0].Key != "b" {
		t.Errorf("last line: %+v", l)
	}
	if _, err := r.Read(); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
}

func TestReaderBoundsAssets(t *testing.T) {
	const begin = "|@ASSET@|T1|CuttingTool|--multiline--AB\n"
	line := strings.Repeat("x", shdr.MaxAsset/4) + "\n"
	for name, tt := range map[string]struct{ text, want string }{
		"no end":    {begin + "<CuttingTool>\n", "no line"},
		"long line": {begin + strings.Repeat("x", shdr.MaxAsset+1) + "\n--multiline--AB\n", "longer than"},
		"too long":  {begin + strings.Repeat(line, 4) + "--multiline--AB\n", "longer than"},
	} {
		_, err := shdr.NewReader(strings.NewReader(tt.text), kinds).Read()
		var s *shdr.SyntaxError
		if !errors.As(err, &s) || !strings.Contains(s.Msg, tt.want) {
			t.Errorf("%s: error %v, want one that says %q", name, err, tt.want)
		}
	}
}

func FuzzSHDR(f *testing.F) {
	for _, seed := range []string{
		stamp + "@1.5|mill:exec|ACTIVE|cond|FAULT|c:i|1|HIGH|text|msg|a|b", "* PONG 10000", "|a|\"x \\| y\"",
		stamp + "|set|:DAY a=1 b='x' c={y} d|table|r={a=1 b=\"2\"}|ts|3|100|1 2 3|count|0:DAY|asset|T|id",
		stamp + "|@ASSET@|id|T|<T/>", "|@REMOVE_ALL_ASSETS@",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := shdr.Parse(text, kinds)
		if err != nil {
			var s *shdr.SyntaxError
			if !errors.As(err, &s) || s.Column < 1 || s.Column > len(text)+2 {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		again(t, l)
	})
}

// nistDir is the folder of the NIST set, beside the module by default.
func nistDir() string {
	if dir := os.Getenv("FACTORYDASH_NIST"); dir != "" {
		return dir
	}
	return filepath.Join("..", "..", "..", "shared", "nist")
}

// nistKinds reads the kinds of the data items of the NIST machines.
func nistKinds(t *testing.T) shdr.Lookup {
	t.Helper()
	f, err := os.Open(filepath.Join(nistDir(), "documents", "Devices.xml"))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("the NIST set is missing (%v): name its folder in FACTORYDASH_NIST", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	found := make(map[string]shdr.Kind)
	for dec := xml.NewDecoder(f); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return func(_, key string) shdr.Kind {
				if kind, ok := found[key]; ok {
					return kind
				}
				return shdr.Unknown
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		e, ok := token.(xml.StartElement)
		if !ok || e.Name.Local != "DataItem" {
			continue
		}
		attrs := make(map[string]string)
		for _, a := range e.Attr {
			attrs[a.Name.Local] = a.Value
		}
		kind := shdr.Plain
		switch {
		case attrs["category"] == "CONDITION":
			kind = shdr.Condition
		case attrs["type"] == "MESSAGE":
			kind = shdr.Message
		case attrs["type"] == "ASSET_CHANGED", attrs["type"] == "ASSET_REMOVED":
			kind = shdr.AssetEvent
		}
		found[attrs["id"]], found[attrs["name"]] = kind, kind
	}
}

func TestNISTLines(t *testing.T) {
	lookup := nistKinds(t)
	files, err := filepath.Glob(filepath.Join(nistDir(), "shdr", "*.gz"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no lines: %v", err)
	}
	for _, name := range files {
		lines, items := 0, 0
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		unzipped, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		for s := bufio.NewScanner(unzipped); s.Scan(); lines++ {
			l, err := shdr.Parse(s.Text(), lookup)
			if err != nil {
				t.Fatalf("%s: %q: %v", filepath.Base(name), s.Text(), err)
			}
			items += len(l.Items)
			text, err := l.Append(nil)
			if err != nil {
				t.Fatalf("%q: %v", s.Text(), err)
			}
			same, err := shdr.Parse(string(text), lookup)
			if err != nil || lines%100 == 0 && !cmp.Equal(l, same, cmpopts.EquateEmpty()) {
				t.Fatalf("%q became %q: %v", s.Text(), text, err)
			}
		}
		if lines == 0 || items < lines {
			t.Errorf("%s: %d items in %d lines", filepath.Base(name), items, lines)
		}
	}
}
