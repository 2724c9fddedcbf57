package mtconnect

// content reads what is inside the element of an observation, to its end: its
// value, or the entries of a data set or table. Of text that elements interrupt
// the first part is the value; elements that are no entries are passed over.
func (x *xmlStreams) content() error {
	x.entries, x.cells = x.entries[:0], x.cells[:0]
	for {
		t, err := x.s.next()
		if err != nil {
			return err
		}
		switch t {
		case endElement:
			if len(x.entries) > 0 {
				x.o.Entries = x.entries
			}
			return nil
		case textToken:
			if x.o.Value == nil {
				x.o.Value = x.copy(x.s.text)
			}
		case startElement:
			if string(x.s.local()) != "Entry" {
				err = x.s.skip()
			} else {
				err = x.entry()
			}
			if err != nil {
				return err
			}
		}
	}
}

// entry reads the entry that has just started, to its end.
func (x *xmlStreams) entry() error {
	if err := x.countEntry(); err != nil {
		return err
	}
	e := Entry{Key: x.copy(x.s.attr("key"))}
	removed := x.s.attr("removed")
	e.Removed = string(removed) == "true" || string(removed) == "1"
	begin := len(x.cells)
	for {
		t, err := x.s.next()
		if err != nil {
			return err
		}
		switch t {
		case endElement:
			if len(x.cells) > begin {
				e.Cells = x.cells[begin:len(x.cells):len(x.cells)]
			}
			x.entries = append(x.entries, e)
			return nil
		case textToken:
			if e.Value == nil {
				e.Value = x.copy(x.s.text)
			}
		case startElement:
			if string(x.s.local()) != "Cell" {
				err = x.s.skip()
			} else {
				err = x.cell()
			}
			if err != nil {
				return err
			}
		}
	}
}

// cell reads the cell that has just started, to its end.
func (x *xmlStreams) cell() error {
	if err := x.countEntry(); err != nil {
		return err
	}
	c := Cell{Key: x.copy(x.s.attr("key"))}
	for {
		t, err := x.s.next()
		if err != nil {
			return err
		}
		switch t {
		case endElement:
			x.cells = append(x.cells, c)
			return nil
		case textToken:
			if c.Value == nil {
				c.Value = x.copy(x.s.text)
			}
		case startElement:
			if err := x.s.skip(); err != nil {
				return err
			}
		}
	}
}

// countEntry refuses one entry or cell too many.
func (x *xmlStreams) countEntry() error {
	if most := x.s.limits.Entries; len(x.entries)+len(x.cells) >= most {
		return x.faultInTag("<%.100s> has more than %d entries and cells", x.o.Element, most)
	}
	return nil
}
