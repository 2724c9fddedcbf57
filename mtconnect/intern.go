package mtconnect

// maxInterned is the length up to which a string is remembered. Longer ones
// are allocated anew, so that the memory of an interner is bounded in bytes.
const maxInterned = 256

// interner remembers strings that come again and again: ids, names, codes. It
// holds most of each kind at most.
type interner struct {
	most       int
	strings    map[string]string
	devices    map[DeviceStream]*DeviceStream
	components map[ComponentStream]*ComponentStream
}

// newInterner returns an interner without entries.
func newInterner(most int) *interner {
	return &interner{
		most:       most,
		strings:    map[string]string{},
		devices:    map[DeviceStream]*DeviceStream{},
		components: map[ComponentStream]*ComponentStream{},
	}
}

// string returns the bytes as a string.
func (in *interner) string(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := in.strings[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(s) <= maxInterned && len(in.strings) < in.most {
		in.strings[s] = s
	}
	return s
}

// again returns the bytes as a string, which is likely to be last.
func (in *interner) again(b []byte, last string) string {
	if string(b) == last {
		return last
	}
	return in.string(b)
}

// device returns a pointer to such a device. Nobody may write to it.
func (in *interner) device(d DeviceStream) *DeviceStream {
	p, ok := in.devices[d]
	if !ok {
		p = &d
		if len(in.devices) < in.most && len(d.Name)+len(d.UUID) <= maxInterned {
			in.devices[d] = p
		}
	}
	return p
}

// component returns a pointer to such a component. Nobody may write to it.
func (in *interner) component(c ComponentStream) *ComponentStream {
	p, ok := in.components[c]
	if !ok {
		p = &c
		if len(in.components) < in.most && len(c.Component)+len(c.ID)+len(c.Name) <= maxInterned {
			in.components[c] = p
		}
	}
	return p
}
