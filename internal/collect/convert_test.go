package collect_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/collect"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/mtconnect"
)

func TestConvertValue(t *testing.T) {
	text := func(s string) plant.Value { return plant.Value{Kind: plant.Text, Text: s} }
	number := func(n float64) plant.Value { return plant.Value{Kind: plant.Number, Number: n} }
	for _, test := range []struct {
		text           string
		category       mtconnect.Category
		representation mtconnect.Representation
		want           plant.Value
	}{
		{"12.5", mtconnect.Sample, mtconnect.Value, number(12.5)},
		{"-0.000", mtconnect.Sample, mtconnect.Value, number(0)},
		{"6e-05", mtconnect.Sample, mtconnect.Value, number(6e-05)},
		{"+.5E3", mtconnect.Sample, mtconnect.Value, number(500)},
		{"", mtconnect.Sample, mtconnect.Value, text("")},
		{"nan", mtconnect.Sample, mtconnect.Value, text("nan")},
		{"Infinity", mtconnect.Sample, mtconnect.Value, text("Infinity")},
		{"1e999", mtconnect.Sample, mtconnect.Value, text("1e999")},
		{"0x10", mtconnect.Sample, mtconnect.Value, text("0x10")},
		{"1_000", mtconnect.Sample, mtconnect.Value, text("1_000")},
		{"1 2 3", mtconnect.Sample, mtconnect.Value, text("1 2 3")},
		{"1", mtconnect.Sample, mtconnect.TimeSeries, text("1")},
		{"12", mtconnect.Event, mtconnect.Value, text("12")},
		{"UNAVAILABLE", mtconnect.Sample, mtconnect.Value, plant.Value{}},
		{"Unavailable", mtconnect.Event, mtconnect.Value, plant.Value{}},
		{"UNAVAILABLE", mtconnect.Event, mtconnect.DataSet, plant.Value{}},
	} {
		got := collect.Convert(&mtconnect.Observation{Category: test.category, Representation: test.representation, Value: []byte(test.text)})
		if diff := cmp.Diff(test.want, got.Value); diff != "" {
			t.Errorf("%v %q (-want +got):\n%s", test.category, test.text, diff)
		}
	}
}

func TestConvert(t *testing.T) {
	for _, test := range []struct {
		name string
		from mtconnect.Observation
		want plant.Observation
	}{
		{
			"a condition",
			mtconnect.Observation{
				Category: mtconnect.Condition, Level: mtconnect.Fault, Sequence: 7, Time: 5, Value: []byte("Oil"),
				NativeCode: "12", NativeSeverity: "3", Qualifier: "LOW", ConditionID: "c1",
			},
			plant.Observation{Item: 1, Sequence: 7, Time: 5, Alarm: &plant.Alarm{
				Level: plant.LevelFault, NativeCode: "12", NativeSeverity: "3", Qualifier: "LOW", ConditionID: "c1", Text: "Oil",
			}},
		},
		{
			"a condition that is unavailable",
			mtconnect.Observation{Category: mtconnect.Condition, Level: mtconnect.Unavailable},
			plant.Observation{Item: 1, Alarm: &plant.Alarm{Level: plant.LevelUnavailable}},
		},
		{
			"a message",
			mtconnect.Observation{Category: mtconnect.Event, NativeCode: "M1", Value: []byte("hello")},
			plant.Observation{Item: 1, Value: plant.Value{Kind: plant.Text, Text: "hello"}, Extra: `{"nativeCode":"M1"}`},
		},
		{
			"a data set with a reset and a removed key",
			mtconnect.Observation{
				Category: mtconnect.Event, Representation: mtconnect.DataSet, ResetTriggered: "DAY",
				Entries:    []mtconnect.Entry{{Key: []byte("b"), Value: []byte("2")}, {Key: []byte("a"), Removed: true}},
				Attributes: []mtconnect.Attribute{{Name: "count", Value: []byte("2")}},
			},
			plant.Observation{
				Item: 1, Value: plant.Value{Kind: plant.Set, Text: `{"a":null,"b":2}`},
				Extra: `{"count":"2","resetTriggered":"DAY"}`,
			},
		},
		{
			"a table",
			mtconnect.Observation{
				Category: mtconnect.Event, Representation: mtconnect.Table,
				Entries: []mtconnect.Entry{{Key: []byte("T1"), Cells: []mtconnect.Cell{{Key: []byte("L"), Value: []byte("1.50")}}}, {Key: []byte("T2")}},
			},
			plant.Observation{Item: 1, Value: plant.Value{Kind: plant.Set, Text: `{"T1":{"L":"1.50"},"T2":{}}`}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, collect.Convert(&test.from)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestModel(t *testing.T) {
	doc := &mtconnect.Devices{Devices: shop()}
	raw := func(header, name string) []byte {
		return []byte(`<?xml version="1.0"?><MTConnectDevices><Header creationTime="` + header + `"><AssetCounts/></Header><Devices><Device name="` + name + `"/></Devices></MTConnectDevices>`)
	}
	m := collect.ModelOf(doc, raw("1", "Mill"))
	if other := collect.ModelOf(doc, raw("2", "Mill")); other.Digest != m.Digest {
		t.Error("the digest changes with the header")
	}
	if other := collect.ModelOf(doc, raw("1", "Lathe")); other.Digest == m.Digest {
		t.Error("the digest does not change with the device")
	}
	if len(m.Devices) != 1 || len(m.Devices[0].Items) != 8 {
		t.Fatalf("devices %+v: want one with 8 items", m.Devices)
	}
	want := plant.DataItem{
		DataItemID: "feed", Category: plant.Sample, Type: "PATH_FEEDRATE", SubType: "ACTUAL", Units: "MILLIMETER/SECOND",
		Representation: "VALUE", ComponentID: "p", ComponentType: "Path", ComponentName: "Path",
		Path: "Controller[Control]/Path[Path]", PathID: "p",
	}
	if diff := cmp.Diff(want, m.Devices[0].Items[7]); diff != "" {
		t.Errorf("item (-want +got):\n%s", diff)
	}
}

func TestErrorText(t *testing.T) {
	a := plant.Agent{Name: "mill", URL: "http://me:geheim@host:5000"}
	got := collect.ErrorText(a, errors.New("Get http://me:geheim@host:5000: \x1b[31m<b>\nno geheim\x00"))
	if want := `Get http://me:xxxxx@host:5000: \x1b[31m<b>\nno xxxxx\x00`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
