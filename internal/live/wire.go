package live

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// What goes between processes is frames. A frame is
//
//	version       1 byte: wireVersion
//	publisher     8 bytes, little endian: who sends, a random number
//	number        uvarint: counts the frames of the publisher from 1
//	since         varint: when the oldest of what follows was handed over
//	records       to the end of the frame, each a tag and what belongs to it
//
// Numbers are varints, times microseconds since 1970 UTC, texts their length as
// an uvarint and their bytes. The numbers that grow slowly from one value to the
// next (item, run, sequence, time) are differences from those of the value
// before in the frame, so that a number observed takes about 20 bytes.
//
// A change of any of this is a new version: receivers ignore frames of versions
// that they do not know.
const (
	wireVersion = 2

	// FrameBytes is after how many bytes a frame is full: what does not fit goes
	// into the next one.
	FrameBytes = 256 << 10
	// MaxFrameBytes is how many bytes a frame may have, which is more only
	// because one value may be long: a data set with all its entries or a
	// condition with plant.MaxActive activations. What is larger is not sent, and
	// not taken.
	MaxFrameBytes = 16 << 20
)

// The tags of the records.
const (
	tagLatest byte = iota + 1
	tagState
	tagStatus
	tagGone
)

// The flags of a value. The kind of the value stands in the lowest two bits.
const (
	flagKind   = 0b11
	flagAlarm  = 1 << 2
	flagExtra  = 1 << 3
	flagActive = 1 << 4
	flagMerged = 1 << 5
	flagsKnown = 1<<6 - 1
)

// frame is what goes between processes at once.
type frame struct {
	publisher uint64
	number    uint64
	since     time.Time
	latest    []plant.Latest
	states    []plant.StateChange
	statuses  []plant.AgentStatus
	gone      []plant.AgentID
}

// place is where a value stands; values are written by what differs from the
// place of the one before.
type place struct{ item, run, sequence, time int64 }

func placeOf(l *plant.Latest) place {
	return place{int64(l.Item), int64(l.Run), l.Sequence, l.Time}
}

// encoder writes one frame.
type encoder struct {
	buf  []byte
	last place
}

// begin starts a frame in the memory of the one before.
func (e *encoder) begin(publisher, number uint64, since time.Time) {
	e.buf = append(e.buf[:0], wireVersion)
	e.buf = binary.LittleEndian.AppendUint64(e.buf, publisher)
	e.uint(number)
	e.time(since)
	e.last = place{}
}

// full reports whether the next record belongs into another frame.
func (e *encoder) full() bool { return len(e.buf) >= FrameBytes }

func (e *encoder) byte(b byte)      { e.buf = append(e.buf, b) }
func (e *encoder) uint(n uint64)    { e.buf = binary.AppendUvarint(e.buf, n) }
func (e *encoder) int(n int64)      { e.buf = binary.AppendVarint(e.buf, n) }
func (e *encoder) time(t time.Time) { e.int(t.UnixMicro()) }

func (e *encoder) float(f float64) {
	e.buf = binary.LittleEndian.AppendUint64(e.buf, math.Float64bits(f))
}

func (e *encoder) text(s string) {
	e.uint(uint64(len(s)))
	e.buf = append(e.buf, s...)
}

func (e *encoder) span(s plant.Span) {
	if !s.Known {
		e.byte(0)
		return
	}
	e.byte(1)
	e.int(int64(s.Duration))
}

// latest writes what is known now of a data item.
func (e *encoder) latest(l *plant.Latest) {
	at := placeOf(l)
	flags := byte(l.Value.Kind) & flagKind
	if l.Alarm != nil {
		flags |= flagAlarm
	}
	if l.Extra != "" {
		flags |= flagExtra
	}
	if len(l.Active) > 0 {
		flags |= flagActive
	}
	if l.Merged != "" {
		flags |= flagMerged
	}
	e.buf = append(e.buf, tagLatest, flags)
	e.int(at.item - e.last.item)
	e.int(at.run - e.last.run)
	e.int(at.sequence - e.last.sequence)
	e.int(at.time - e.last.time)
	e.last = at
	switch l.Value.Kind {
	case plant.Unknown:
	case plant.Number:
		e.float(l.Value.Number)
	default:
		e.text(l.Value.Text)
	}
	if flags&flagAlarm != 0 {
		e.alarm(l.Alarm)
	}
	if flags&flagExtra != 0 {
		e.text(l.Extra)
	}
	if flags&flagActive != 0 {
		e.uint(uint64(len(l.Active)))
		for i := range l.Active {
			a := &l.Active[i]
			e.alarm(a.Alarm)
			e.int(a.Raised)
			e.int(a.RaisedSequence)
			e.int(a.Changed)
		}
	}
	if flags&flagMerged != 0 {
		e.text(l.Merged)
	}
}

func (e *encoder) alarm(a *plant.Alarm) {
	e.byte(byte(a.Level))
	e.text(a.NativeCode)
	e.text(a.NativeSeverity)
	e.text(a.Qualifier)
	e.text(a.ConditionID)
	e.text(a.Text)
}

// state writes a state change.
func (e *encoder) state(s *plant.StateChange) {
	e.byte(tagState)
	e.int(int64(s.Device))
	e.int(int64(s.Run))
	e.int(s.Sequence)
	e.int(s.Time)
	e.int(s.Since)
	e.byte(byte(s.State))
	e.text(s.Rule)
}

// status writes how the reading of an agent goes.
func (e *encoder) status(s *plant.AgentStatus) {
	e.byte(tagStatus)
	e.int(int64(s.Agent))
	e.text(s.Name)
	e.text(string(s.Link))
	e.time(s.Since)
	e.text(s.Error)
	e.time(s.Retry)
	e.text(s.AgentVersion)
	e.text(s.SchemaVersion)
	e.text(s.Sender)
	e.uint(s.InstanceID)
	e.int(s.Next)
	e.int(s.Last)
	e.int(s.Lag)
	e.int(s.BufferSize)
	e.span(s.Horizon)
	e.float(s.Rate)
	e.span(s.DelayP95)
	e.span(s.Skew)
	e.time(s.LastDocument)
	e.int(s.Gaps)
	e.int(s.Lost)
	e.int(s.Reconnects)
}

// gone writes that an agent is not to be read any more.
func (e *encoder) gone(a plant.AgentID) {
	e.byte(tagGone)
	e.int(int64(a))
}
