package mtconnect

import (
	"bytes"
	"io"
)

// How deep the elements of a Streams document stand:
//
//	MTConnectStreams / Streams / DeviceStream / ComponentStream / Samples / Position
const (
	depthRoot = iota + 1
	depthStreams
	depthDevice
	depthComponent
	depthCategory
	depthObservation
)

// xmlStreams reads Streams documents in XML.
type xmlStreams struct {
	observationBuilder
	s    scanner
	head Header
	// rootPrefix is the prefix of the root, which is not a vendor's then.
	rootPrefix string
	run        run
	copies     []byte // of what o refers to and the window may lose
}

// reset begins another document and keeps the memory, unless it is much.
func (x *xmlStreams) reset(src io.Reader, names *interner, limits Limits) {
	x.observationBuilder.reset(names, limits)
	x.s.reset(src, limits)
	x.head = Header{}
	x.run.reset()
	x.copies = reuse(x.copies, keptBytes)
}

// readHeader implements observationSource.
func (x *xmlStreams) readHeader() (*Header, error) {
	if err := x.s.root(); err != nil {
		return nil, err
	}
	switch string(x.s.local()) {
	case rootStreams:
	case rootError:
		return nil, x.agentError()
	default:
		return nil, x.faultInTag("root element is <%.100s>, not %s or %s", x.s.name, rootStreams, rootError)
	}
	x.rootPrefix = x.names.string(x.s.prefix())
	x.head.SchemaVersion = schemaVersion(x.names.string(x.s.namespace()))
	for {
		t, err := x.s.next()
		if err != nil {
			return nil, err
		}
		if t == startElement && string(x.s.local()) == "Header" {
			break
		}
		if t == endElement || t == startElement && string(x.s.local()) == "Streams" {
			return nil, x.s.fault(0, "%s begins without a Header", rootStreams)
		}
		if t == startElement {
			if err := x.s.skip(); err != nil {
				return nil, err
			}
		}
	}
	for _, a := range x.s.attrs {
		if !x.head.setAttribute(a.name, a.value, x.names) {
			return nil, x.faultInTag("Header: %s is %.50q, not a number from 0 to 2^64-1", a.name, a.value)
		}
	}
	return &x.head, x.s.skip()
}

// agentError reads the rest of an error document.
func (x *xmlStreams) agentError() error {
	root, version, err := xmlTreeOf(&x.s, keepSource{})
	if err != nil {
		return err
	}
	return agentError(root, headerOf(root.child("Header"), version))
}

// faultInTag makes the error for the tag that has just been taken.
func (x *xmlStreams) faultInTag(format string, args ...any) error {
	return x.s.fault(-x.s.tagLen, format, args...)
}

// next implements observationSource.
func (x *xmlStreams) next() (*Observation, error) {
	if x.repeat() {
		return &x.o, nil
	}
	for {
		t, err := x.s.next()
		if err != nil {
			return nil, err
		}
		if t != startElement {
			continue
		}
		if x.s.depth() == depthObservation {
			found, err := x.observation()
			if err != nil {
				return nil, err
			}
			if found {
				return &x.o, nil
			}
			continue
		}
		if !x.enter() {
			if err := x.s.skip(); err != nil {
				return nil, err
			}
		}
	}
}

// enter takes note of an element above the observations, and reports whether
// there may be observations in it.
func (x *xmlStreams) enter() bool {
	name, attr := string(x.s.local()), x.s.attr
	switch depth := x.s.depth(); {
	case depth == depthStreams:
		return name == "Streams"
	case depth == depthDevice && name == "DeviceStream":
		x.device = x.names.device(DeviceStream{
			Name: x.names.string(attr("name")),
			UUID: x.names.string(attr("uuid")),
		})
		return true
	case depth == depthComponent && name == "ComponentStream":
		x.component = x.names.component(ComponentStream{
			Component: x.names.string(attr("component")),
			ID:        x.names.string(attr("componentId")),
			Name:      x.names.string(attr("name")),
		})
		return true
	case depth == depthCategory:
		x.category = categoryOf(name)
		return x.category != 0
	default:
		return false
	}
}

// observation reads the element that has just started into o. It reports false
// where the element is a vendor's and no observation.
func (x *xmlStreams) observation() (bool, error) {
	if x.s.colon > 0 && string(x.s.prefix()) != x.rootPrefix && x.s.attr("dataItemId") == nil {
		return false, x.s.skip()
	}
	before := x.last.DataItemID
	x.begin(x.s.prefix(), x.s.local())
	x.copies = x.copies[:0]
	if err := x.setAttributes(); err != nil {
		return false, err
	}
	x.run.stop()
	if x.o.DataItemID == before {
		x.run.start(&x.s)
	}
	err := x.content()
	if x.o.Entries != nil {
		x.run.stop() // repeat does not read entries
	}
	return true, err
}

// setAttributes sets what the attributes say.
func (x *xmlStreams) setAttributes() error {
	for i := range x.s.attrs {
		a := &x.s.attrs[i]
		known, wrong := x.set(a.name, a.value)
		if wrong != "" {
			return x.wrong(wrong)
		}
		if !known && !isNamespaceDeclaration(a.name) {
			x.addAttribute(a.name, x.copy(a.value))
		}
	}
	if wrong := x.missing(); wrong != "" {
		return x.wrong(wrong)
	}
	return nil
}

// wrong makes the error for the observation whose tag has just been taken.
func (x *xmlStreams) wrong(what string) error {
	return x.faultInTag("<%.100s>: %s", x.s.name, what)
}

// isNamespaceDeclaration reports whether an attribute of this name is none of
// the element's own.
func isNamespaceDeclaration(name []byte) bool {
	return string(name) == "xmlns" || bytes.HasPrefix(name, []byte("xmlns:"))
}

// copy returns bytes of the window as bytes that last as long as o.
func (x *xmlStreams) copy(b []byte) []byte {
	begin := len(x.copies)
	x.copies = append(x.copies, b...)
	return x.copies[begin:len(x.copies):len(x.copies)]
}
