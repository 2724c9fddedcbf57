package plant_test

import (
	"testing"

	"github.com/factorydash/factorydash/internal/plant"
)

// What is shared is not changed where text is made UTF-8.
func TestToValidText(t *testing.T) {
	alarm := &plant.Alarm{Level: plant.LevelFault, NativeCode: "7", Text: "\xdcberlast"}
	o := plant.Observation{Alarm: alarm, Extra: "{\"a\":\"\xff\"}"}
	o.ToValidText()
	if o.Alarm.Text != "\ufffdberlast" || o.Alarm.NativeCode != "7" || o.Alarm.Level != plant.LevelFault || o.Extra != "{\"a\":\"\ufffd\"}" || !o.ValidText() {
		t.Errorf("%+v of %+v", o, o.Alarm)
	}
	if alarm.Text != "\xdcberlast" {
		t.Errorf("the alarm that others have became %+v", alarm)
	}
}
