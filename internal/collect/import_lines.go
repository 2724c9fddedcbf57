package collect

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/recording"
	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/shdr"
)

const (
	// linesPage is how many observations of a file of lines are stored together.
	linesPage = 10_000
	// instanceBits is how many bits the instanceId of a file has: so many are exact
	// where numbers are floating-point ones, as in browsers.
	instanceBits = 53
)

// LineImport is files of SHDR lines that the adapter of one device wrote.
type LineImport struct {
	// Agent is whose history they become.
	Agent plant.Agent
	// Devices is the MTConnectDevices document of the agent that read the adapter,
	// and Device the name of the device in it.
	Devices []byte
	Device  string
	// Files are the files in the order of time. They may be asked for more than
	// once, and must be the same each time.
	Files iter.Seq2[recording.Document, error]
	// PassOverDamaged passes over what is left of a file that cannot be unpacked.
	// Otherwise the import ends there.
	PassOverDamaged bool
}

// ImportLines stores files of SHDR lines. Lines have neither an instanceId nor
// sequence numbers, so each file becomes a run of its own, as every such file
// begins by saying all that is known: its instanceId is made of the names of the
// device and the file, and its observations are numbered from 1 in the order in
// which they stand. A line that cannot be read counts as one observation, which
// becomes a gap. Keys of no data item of the device become unmapped data items;
// commands and assets are passed over. It needs Options.Store and Options.Ledger.
//
// What is committed when it ends, with or without an error, stays, and the same
// import goes on from there; files that were imported whole add nothing. An error
// names the file.
func ImportLines(ctx context.Context, o Options, in LineImport) (Imported, error) {
	return importing(ctx, o, in.Agent, func(im *importer) error {
		l := &lineImport{importer: im, in: in, read: make(map[uint64]bool)}
		if err := l.model(ctx); err != nil {
			return err
		}
		// A run that was ended in the middle cannot be gone on with once another one
		// has begun.
		if l.newest.ID != 0 {
			resume := func(instance uint64) bool { return instance == l.newest.InstanceID }
			if err := l.files(ctx, resume); err != nil {
				return err
			}
		}
		return l.files(ctx, func(uint64) bool { return true })
	})
}

// lineImport is one import of lines.
type lineImport struct {
	*importer
	in   LineImport
	keys keys
	// read are the instances of the files that were read.
	read map[uint64]bool

	// waiting are observations that are not stored yet, and rejected are the lines
	// among them that cannot be, and why.
	waiting  []plant.Observation
	rejected map[int64]string
}

// model stores the model of the device and learns the keys of its data items.
func (l *lineImport) model(ctx context.Context) error {
	doc, err := mtconnect.ParseDevices(l.in.Devices, mtconnect.Limits{})
	if err != nil {
		return fmt.Errorf("device model: %w", err)
	}
	m := model(l.agent.ID, doc, l.in.Devices)
	for i := range doc.Devices {
		if d := &doc.Devices[i]; d.Name == l.in.Device {
			l.keys = newKeys(d)
			m.Devices = m.Devices[i : i+1]
			m.From = l.opts.Now()
			return l.saveModel(ctx, m)
		}
	}
	return plant.Errorf(plant.Invalid, "the Devices document has no device %q", l.in.Device)
}

// files imports the files whose instances are wanted.
func (l *lineImport) files(ctx context.Context, wanted func(instance uint64) bool) error {
	for f, err := range l.in.Files {
		instance := l.instance(f)
		if !wanted(instance) || err == nil && l.read[instance] {
			continue
		}
		if err != nil {
			err = &damageError{f.Name, err}
		} else {
			l.read[instance] = true
			err = l.file(ctx, f, instance)
		}
		switch {
		case isDamage(err) && l.in.PassOverDamaged:
			l.result.PassedOver = append(l.result.PassedOver, err.Error())
		case isDamage(err):
			return err
		case err != nil:
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		l.result.Files++
	}
	return nil
}

// instance makes the instanceId of a file; it is not 0.
func (l *lineImport) instance(f recording.Document) uint64 {
	sum := sha256.Sum256([]byte(l.in.Device + "\x00" + f.File))
	return binary.BigEndian.Uint64(sum[:])>>(64-instanceBits) | 1
}

// file imports one file.
func (l *lineImport) file(ctx context.Context, f recording.Document, instance uint64) error {
	from := int64(1) // the first number that is not stored
	if r, ok := l.runs[instance]; ok {
		from = r.Next
	}
	reader := shdr.NewReader(f.Body, l.keys.kind)
	n := int64(0)       // the number of the last observation
	var last *time.Time // the last timestamp
	for ctx.Err() == nil {
		line, err := reader.Read()
		var wrong *shdr.SyntaxError
		switch {
		case errors.Is(err, io.EOF):
			return l.flush(ctx, f, instance, n)
		case errors.As(err, &wrong):
			if n++; n >= from {
				l.reject(n, wrong.Error())
			}
			continue
		case err != nil:
			if err := l.flush(ctx, f, instance, n); err != nil {
				return err
			}
			return &damageError{f.Name, err}
		}
		if !line.Time.IsZero() {
			last = &line.Time
		}
		for i := range line.Items {
			n++
			switch {
			case n < from-1:
			case last == nil && n >= from:
				l.reject(n, "neither the line nor one before it has a timestamp")
			case last == nil:
			default:
				if err := l.observe(ctx, n, from, instance, l.keys.observation(line, &line.Items[i], *last)); err != nil {
					return err
				}
			}
		}
		if len(l.waiting)+len(l.rejected) >= linesPage {
			if err := l.flush(ctx, f, instance, n); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// observe takes in the n-th observation of a file, of which the numbers before from
// are stored. The last of those must be what the file says: it could be another
// file with the name of one that was imported.
func (l *lineImport) observe(ctx context.Context, n, from int64, instance uint64, o *mtconnect.Observation) error {
	i := l.catalog.item(o)
	why := ""
	if i == nil {
		var err error
		if i, why, err = l.unmapped(ctx, o); err != nil {
			return err
		}
	}
	if i == nil {
		if n >= from {
			l.reject(n, why)
		}
		return nil
	}
	p := plant.Observation{Item: i.ID}
	o.Sequence = uint64(n)
	l.convert.observation(&p, o)
	if n >= from {
		if l.waiting == nil {
			l.waiting = l.committer.pages.take(linesPage)
		}
		l.waiting = append(l.waiting, p)
		return nil
	}
	for was, err := range l.opts.Ledger.Observations(ctx, l.runs[instance].ID, n) {
		if err != nil {
			return fmt.Errorf("read what is imported: %w", err)
		}
		if was.Sequence == n && !same(&was, &p) {
			return plant.Errorf(plant.Conflict, "observation %d is another one than was imported from a file with this name: give the file another name, or import it as another agent", n)
		}
		break
	}
	return nil
}

func (l *lineImport) reject(n int64, why string) {
	if l.rejected == nil {
		l.rejected = make(map[int64]string)
	}
	l.rejected[n] = why
}

// flush stores what waits: the observations of a file up to the n-th.
func (l *lineImport) flush(ctx context.Context, f recording.Document, instance uint64, n int64) error {
	if len(l.waiting)+len(l.rejected) == 0 {
		return nil
	}
	if l.ended(instance) {
		return plant.Errorf(plant.Conflict, "it has observations behind those that were imported of it, and another file followed: import it as another agent")
	}
	err := l.enter(ctx, instance, 1, plant.Gap{
		Reason: plant.GapUnrecorded, Detail: escape("another file followed: "+f.File, maxErrorText),
	})
	if err != nil {
		return err
	}
	err = l.keep(ctx, l.waiting, n+1, l.explain)
	l.waiting, l.rejected = nil, nil
	return err
}

// explain gives the gaps that lines make which cannot be stored.
func (l *lineImport) explain(from, to int64) []plant.Gap {
	var gaps []plant.Gap
	for n := from; n <= to; n++ {
		gaps = append(gaps, l.gap(n, n, plant.GapRejected, l.rejected[n]))
	}
	return gaps
}
