package simulate

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"

	"github.com/factorydash/factorydash/internal/recording"
	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// run is observations in ascending order of sequence.
type run []agent.Observation

// recorded is the observations of one document.
type recorded struct {
	name         string
	observations run
}

func (d *recorded) first() uint64 { return d.observations[0].Sequence }

// loader reads recorded documents.
type loader struct {
	reader     *mtconnect.StreamsReader
	limits     mtconnect.Limits
	header     mtconnect.Header // of the document with the highest sequence
	documents  []recorded
	count      int
	namespaces []agent.Namespace
	seen       *sightings
	// scratch is where the observations of one document gather.
	scratch run
	// texts are values that came before: most come again.
	texts map[string]string
}

// maxTexts is the most values that a loader remembers.
const maxTexts = 1 << 16

// rootWindow is within how many bytes the root element of a document must
// begin and end for its namespaces to be kept.
const rootWindow = 16 << 10

func newLoader(limits mtconnect.Limits) *loader {
	return &loader{
		reader: mtconnect.NewStreamsReader(limits), limits: limits,
		seen: newSightings(), texts: make(map[string]string),
	}
}

// load reads one document.
func (l *loader) load(d recording.Document) error {
	body := bufio.NewReaderSize(d.Body, rootWindow)
	l.keepNamespaces(body)
	l.reader.Reset(body)
	header, err := l.reader.Header()
	if err != nil {
		return err
	}
	if err := l.keepHeader(header); err != nil {
		return err
	}
	l.scratch = l.scratch[:0]
	for {
		o, err := l.reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if l.count++; l.count > MaxReplay {
			return fmt.Errorf("more than %d observations", MaxReplay)
		}
		l.seen.note(o)
		l.scratch = append(l.scratch, l.observation(o))
	}
	if len(l.scratch) > 0 {
		slices.SortStableFunc(l.scratch, bySequence)
		l.documents = append(l.documents, recorded{d.Name, slices.Clone(l.scratch)})
	}
	return nil
}

func bySequence(a, b agent.Observation) int { return cmp.Compare(a.Sequence, b.Sequence) }

// keepHeader checks that a document is of the same instance as those before,
// and keeps the newest header.
func (l *loader) keepHeader(h *mtconnect.Header) error {
	first := l.header.InstanceID == 0 && l.header.SchemaVersion == ""
	if !first && h.InstanceID != l.header.InstanceID {
		return fmt.Errorf("instanceId %d: the documents before are of %d: give documents of one instance", h.InstanceID, l.header.InstanceID)
	}
	if !first && h.SchemaVersion != l.header.SchemaVersion {
		return fmt.Errorf("schema version %s: the documents before are of %s", h.SchemaVersion, l.header.SchemaVersion)
	}
	if first || h.NextSequence > l.header.NextSequence {
		l.header = *h
	}
	return nil
}

// keepNamespaces keeps the namespaces with a prefix that the root element of an
// XML document declares. A document without any, or without a root element
// where one should be, is left to the reader.
func (l *loader) keepNamespaces(body *bufio.Reader) {
	head, _ := body.Peek(rootWindow) // a short document is fine, and a broken one fails later
	decoder := xml.NewDecoder(bytes.NewReader(head))
	for {
		token, err := decoder.RawToken()
		if err != nil {
			return
		}
		root, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		for _, a := range root.Attr {
			if a.Name.Space == "xmlns" && a.Name.Local != "m" && a.Name.Local != "xsi" {
				l.keepNamespace(agent.Namespace{Prefix: a.Name.Local, URI: a.Value})
			}
		}
		return
	}
}

func (l *loader) keepNamespace(n agent.Namespace) {
	if !slices.ContainsFunc(l.namespaces, func(old agent.Namespace) bool { return old.Prefix == n.Prefix }) {
		l.namespaces = append(l.namespaces, n)
	}
}

// text gives a string of bytes, the same one for equal bytes as a rule.
func (l *loader) text(b []byte) string {
	if s, ok := l.texts[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(l.texts) < maxTexts {
		l.texts[s] = s
	}
	return s
}

// observation copies what the reader gave.
func (l *loader) observation(o *mtconnect.Observation) agent.Observation {
	kept := agent.Observation{Sequence: o.Sequence, Time: o.Time, DataItemID: o.DataItemID, Value: l.text(o.Value)}
	plain := o.Level == mtconnect.LevelNone && o.NativeCode == "" && o.ResetTriggered == "" &&
		len(o.Entries) == 0 && len(o.Attributes) == 0
	if !plain {
		kept.Detail = l.detail(o)
	}
	return kept
}

func (l *loader) detail(o *mtconnect.Observation) *agent.Detail {
	d := &agent.Detail{
		Level: o.Level, NativeCode: o.NativeCode, NativeSeverity: o.NativeSeverity,
		Qualifier: o.Qualifier, ConditionID: o.ConditionID, ResetTriggered: o.ResetTriggered,
	}
	for _, e := range o.Entries {
		entry := agent.Entry{Key: l.text(e.Key), Value: l.text(e.Value), Removed: e.Removed}
		for _, c := range e.Cells {
			entry.Cells = append(entry.Cells, agent.Cell{Key: l.text(c.Key), Value: l.text(c.Value)})
		}
		d.Entries = append(d.Entries, entry)
	}
	for _, a := range o.Attributes {
		d.Attributes = append(d.Attributes, agent.Attribute{Name: a.Name, Value: l.text(a.Value)})
	}
	return d
}

// runs gives all observations once, in runs that follow each other without
// overlap. The documents are let go.
func (l *loader) runs() ([]run, error) {
	slices.SortStableFunc(l.documents, func(a, b recorded) int { return cmp.Compare(a.first(), b.first()) })
	var runs []run
	for i := range l.documents {
		d := &l.documents[i]
		last := len(runs) - 1
		if last < 0 || runs[last][len(runs[last])-1].Sequence < d.first() {
			runs = append(runs, nil)
			last++
		}
		merged, err := merge(runs[last], d.observations)
		if err != nil {
			return nil, fmt.Errorf("recording %s: %w", d.name, err)
		}
		runs[last] = merged
	}
	l.documents, l.scratch, l.texts = nil, nil, nil
	l.count = 0
	for _, r := range runs {
		l.count += len(r)
	}
	return runs, nil
}

// merge gives the observations of two runs, those in both once. It returns an
// error where they differ on one. It may keep the memory of either.
func merge(a, b run) (run, error) {
	all := b
	if len(a) > 0 {
		all = slices.Concat(a, b)
		slices.SortStableFunc(all, bySequence)
	}
	kept := all[:0]
	for i := range all {
		if n := len(kept); n > 0 && kept[n-1].Sequence == all[i].Sequence {
			if !reflect.DeepEqual(kept[n-1], all[i]) {
				return nil, fmt.Errorf("sequence %d: data item %q has other content than data item %q with the same sequence in a document before",
					all[i].Sequence, all[i].DataItemID, kept[n-1].DataItemID)
			}
			continue
		}
		kept = append(kept, all[i])
	}
	clear(all[len(kept):])
	return kept, nil
}
