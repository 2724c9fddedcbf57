package mtconnect

// content reads what is inside the element of an observation, to its end: its
// value, or the entries of a data set or table. Of text that elements interrupt
// the first part is the value; elements that are no entries are passed over.
func (x *xmlStreams) content() error {
	for {
		t, err := x.s.next()
		if err != nil {
			return err
		}
		switch t {
		case endElement:
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
	e.Removed = isTrue(x.s.attr("removed"))
	begin := len(x.cells)
	for {
		t, err := x.s.next()
		if err != nil {
			return err
		}
		switch t {
		case endElement:
			x.addEntry(e, begin)
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
	if wrong := x.full(); wrong != "" {
		return x.faultInTag("<%.100s>: %s", x.o.Element, wrong)
	}
	return nil
}
