package live

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// versionError says that a frame is of a version that is not known here.
type versionError byte

func (v versionError) Error() string {
	return fmt.Sprintf("a frame of version %d: this program knows version %d", byte(v), wireVersion)
}

// errDamaged says that bytes are no frame.
var errDamaged = errors.New("the bytes are no frame")

// decodeHeader reads the beginning of a frame and gives the decoder of its
// records. The error is a versionError or errDamaged.
func decodeHeader(data string) (*frame, *decoder, error) {
	if data == "" || len(data) > MaxFrameBytes {
		return nil, nil, errDamaged
	}
	if data[0] != wireVersion {
		return nil, nil, versionError(data[0])
	}
	d := &decoder{all: len(data), rest: data[1:]}
	f := &frame{publisher: d.fixed(), number: d.uint(), since: d.time()}
	if d.damaged || f.number == 0 {
		return nil, nil, errDamaged
	}
	return f, d, nil
}

// records reads the records of a frame into f. Whatever the bytes are, it takes
// little more memory than they do, since no record begins behind FrameBytes; and
// what it gives is within the limits of package plant and can be shown: numbers
// are finite, times have years of four digits, and what is to be JSON is. The
// error is errDamaged.
func (d *decoder) records(f *frame) error {
	for len(d.rest) > 0 {
		if d.all-len(d.rest) >= FrameBytes {
			return errDamaged
		}
		switch d.byte() {
		case tagLatest:
			f.latest = append(f.latest, d.latest())
		case tagState:
			f.states = append(f.states, d.state())
		case tagStatus:
			f.statuses = append(f.statuses, d.status())
		case tagGone:
			f.gone = append(f.gone, plant.AgentID(d.id()))
		default:
			return errDamaged
		}
		if d.damaged {
			return errDamaged
		}
	}
	return nil
}

// decoder takes a frame apart. Once something is not as it should be it is
// damaged, and all that it gives is worth nothing.
type decoder struct {
	// all is how long the frame is, rest what has not been read of it.
	all     int
	rest    string
	last    place
	damaged bool
}

// take gives the next n bytes; none where there are fewer.
func (d *decoder) take(n uint64) string {
	if n > uint64(len(d.rest)) {
		d.damaged, d.rest = true, ""
		return ""
	}
	taken := d.rest[:n]
	d.rest = d.rest[n:]
	return taken
}

func (d *decoder) byte() byte {
	b := d.take(1)
	if b == "" {
		return 0
	}
	return b[0]
}

func (d *decoder) fixed() uint64 {
	b := d.take(8)
	if b == "" {
		return 0
	}
	return binary.LittleEndian.Uint64([]byte(b))
}

// uint reads a number of at most 64 bits. binary.Uvarint would want the bytes in
// a slice, which is a copy.
func (d *decoder) uint() uint64 {
	var n uint64
	for i := range min(len(d.rest), binary.MaxVarintLen64) {
		b := d.rest[i]
		if b < 0x80 {
			if i == binary.MaxVarintLen64-1 && b > 1 {
				break
			}
			d.rest = d.rest[i+1:]
			return n | uint64(b)<<(7*i)
		}
		n |= uint64(b&0x7f) << (7 * i)
	}
	d.damaged, d.rest = true, ""
	return 0
}

func (d *decoder) int() int64 {
	n := d.uint()
	return int64(n>>1) ^ -int64(n&1)
}

// id reads a number of the store's: 1 to 2^31−1.
func (d *decoder) id() int32 { return d.inID(d.int()) }

func (d *decoder) inID(n int64) int32 {
	if n < 1 || n > math.MaxInt32 {
		d.damaged = true
	}
	return int32(n)
}

// time reads a time of ours: from year 1, where the zero time is, to 9999.
func (d *decoder) time() time.Time {
	t := time.UnixMicro(d.int()).UTC()
	if year := t.Year(); year < 1 || year > 9999 {
		d.damaged = true
	}
	return t
}

// float reads a finite number.
func (d *decoder) float() float64 {
	f := math.Float64frombits(d.fixed())
	if math.IsNaN(f) || math.IsInf(f, 0) {
		d.damaged = true
	}
	return f
}

// text reads a text. It is a copy: a text that is kept must not keep the whole
// frame.
func (d *decoder) text() string { return strings.Clone(d.take(d.uint())) }

// json reads a text that is JSON.
func (d *decoder) json() string {
	s := d.text()
	if !json.Valid([]byte(s)) {
		d.damaged = true
	}
	return s
}

func (d *decoder) span() plant.Span {
	switch d.byte() {
	case 0:
		return plant.Span{}
	case 1:
		return plant.Span{Duration: time.Duration(d.int()), Known: true}
	default:
		d.damaged = true
		return plant.Span{}
	}
}

func (d *decoder) latest() plant.Latest {
	flags := d.byte()
	at := place{
		item: d.last.item + d.int(), run: d.last.run + d.int(),
		sequence: d.last.sequence + d.int(), time: d.last.time + d.int(),
	}
	d.last = at
	l := plant.Latest{Observation: plant.Observation{
		Item: plant.ItemID(d.inID(at.item)), Run: plant.RunID(d.inID(at.run)), Sequence: at.sequence, Time: at.time,
		Value: plant.Value{Kind: plant.Kind(flags & flagKind)},
	}}
	if flags&^flagsKnown != 0 || at.sequence < 1 {
		d.damaged = true
	}
	switch l.Value.Kind {
	case plant.Unknown:
	case plant.Number:
		l.Value.Number = d.float()
	case plant.Text:
		l.Value.Text = d.text()
	case plant.Set:
		l.Value.Text = d.json()
	}
	if flags&flagAlarm != 0 {
		l.Alarm = d.alarm()
	}
	if flags&flagExtra != 0 {
		l.Extra = d.json()
	}
	if flags&flagActive != 0 {
		l.Active = d.active()
	}
	if flags&flagMerged != 0 {
		l.Merged = d.json()
	}
	return l
}

func (d *decoder) alarm() *plant.Alarm {
	a := &plant.Alarm{
		Level: plant.Level(d.byte()), NativeCode: d.text(), NativeSeverity: d.text(),
		Qualifier: d.text(), ConditionID: d.text(), Text: d.text(),
	}
	if a.Level < plant.LevelUnavailable || a.Level > plant.LevelFault {
		d.damaged = true
	}
	return a
}

func (d *decoder) active() []plant.Activation {
	n := d.uint()
	if n > plant.MaxActive {
		d.damaged = true
		return nil
	}
	var active []plant.Activation
	for range n {
		active = append(active, plant.Activation{
			Alarm: d.alarm(), Raised: d.int(), RaisedSequence: d.int(), Changed: d.int(),
		})
		if d.damaged {
			return nil
		}
	}
	return active
}

func (d *decoder) state() plant.StateChange {
	s := plant.StateChange{
		Device: plant.DeviceID(d.id()), Run: plant.RunID(d.id()), Sequence: d.int(), Time: d.int(), Since: d.int(),
		State: plant.State(d.byte()), Rule: d.text(),
	}
	if s.Sequence < 1 || s.State < plant.NoLink || s.State > plant.Idle {
		d.damaged = true
	}
	return s
}

func (d *decoder) status() plant.AgentStatus {
	s := plant.AgentStatus{
		Agent: plant.AgentID(d.id()), Name: d.text(), Link: plant.LinkState(d.text()), Since: d.time(),
		Error: d.text(), Retry: d.time(),
		AgentVersion: d.text(), SchemaVersion: d.text(), Sender: d.text(), InstanceID: d.uint(),
		Next: d.int(), Last: d.int(), Lag: d.int(), BufferSize: d.int(), Horizon: d.span(),
		Rate: d.float(), DelayP95: d.span(), Skew: d.span(),
		LastDocument: d.time(), Gaps: d.int(), Lost: d.int(), Reconnects: d.int(),
	}
	switch s.Link {
	case plant.LinkConnecting, plant.LinkStreaming, plant.LinkPolling, plant.LinkCatchingUp, plant.LinkDown, plant.LinkWaiting:
	default:
		d.damaged = true
	}
	return s
}
