package mtconnect

import "bytes"

// isJSONList reports whether an element is a list of elements. In version 1 of
// the JSON form these are arrays of objects with one member each, which names
// the element; in version 2 objects with an array per name.
func isJSONList(name string) bool {
	switch name {
	case "Devices", "Components", "DataItems", "Compositions", "Constraints", "Filters", "Assets", "Errors":
		return true
	default:
		return false
	}
}

// jsonTree builds elements from JSON: members whose name begins with a lower
// case letter are attributes, "value" is the text and the others are children.
type jsonTree struct {
	j    *jsonText
	keep keepSource
	size treeSize
}

// parseJSONTree reads a JSON document and gives its root and the version of the
// standard that it names.
func parseJSONTree(data []byte, limits Limits, keep keepSource) (*element, string, error) {
	j, root, err := openJSON(data, limits)
	if err != nil {
		return nil, "", err
	}
	t := jsonTree{j: j, keep: keep}
	e, err := t.element("", root.key, root.value)
	if err != nil {
		return nil, "", err
	}
	return e, e.attr("schemaVersion"), nil
}

// openJSON checks a document and gives its only member: the root.
func openJSON(data []byte, limits Limits) (*jsonText, jsonMembers, error) {
	j, err := newJSONText(data, limits)
	if err != nil {
		return nil, jsonMembers{}, err
	}
	root := j.members(j.skipSpace(j.begin))
	if !root.next() {
		return nil, root, j.fault(j.begin, "want an object with one member, the root of the document")
	}
	if rest := root; rest.next() || rest.err != nil {
		return nil, root, j.fault(rest.at, "more than one root")
	}
	return j, root, nil
}

// element builds the element that the value at pos stands for.
func (t *jsonTree) element(parent string, key []byte, pos int) (*element, error) {
	e, err := t.begin(key, pos)
	if err != nil {
		return nil, err
	}
	keep := t.keep.matches(parent, e.name)
	if keep {
		e.source = bytes.Clone(t.j.data[pos:t.j.skipValue(pos)])
	}
	if !t.j.object(pos) {
		text, err := t.j.text(pos)
		e.text = string(text)
		return e, err
	}
	m := t.j.members(pos)
	for m.next() {
		if err := t.member(e, &m, keep); err != nil {
			return nil, err
		}
	}
	return e, m.err
}

// begin makes an element of the given name.
func (t *jsonTree) begin(key []byte, pos int) (*element, error) {
	if wrong := t.size.add(1, 0); wrong != "" {
		return nil, t.j.fault(pos, "%s", wrong)
	}
	prefix, name := cutPrefix(key)
	return &element{prefix: string(prefix), name: string(name)}, nil
}

// member takes one member of an element's object in.
func (t *jsonTree) member(e *element, m *jsonMembers, attributesOnly bool) error {
	switch {
	case string(m.key) == "value":
		if attributesOnly {
			return nil
		}
		text, err := t.j.text(m.value)
		e.text = string(text)
		return err
	case t.j.scalar(m.value) && !upper(m.key):
		if len(e.attrs) >= t.j.limits.Attributes {
			return t.j.fault(m.value, "more than %d attributes", t.j.limits.Attributes)
		}
		if wrong := t.size.add(0, 1); wrong != "" {
			return t.j.fault(m.value, "%s", wrong)
		}
		text, err := t.j.text(m.value)
		e.attrs = append(e.attrs, elementAttr{string(m.key), string(text)})
		return err
	case attributesOnly:
		return nil
	default:
		return t.children(e, m.key, m.value)
	}
}

// upper reports whether a key is spelled as an element and not as an attribute.
func upper(key []byte) bool {
	name := key[bytes.IndexByte(key, ':')+1:]
	return len(name) > 0 && 'A' <= name[0] && name[0] <= 'Z'
}

// children adds what the value of a member stands for: an element, several of
// the same name, or a list in the form of version 1.
func (t *jsonTree) children(e *element, key []byte, pos int) error {
	if t.j.data[pos] == '[' && isJSONList(string(key)) {
		return t.list(e, key, pos)
	}
	for it := t.j.items(pos); it.next(); {
		c, err := t.element(e.name, key, it.value)
		if err != nil {
			return err
		}
		e.children = append(e.children, c)
	}
	return nil
}

// list adds a list of elements in the form of version 1.
func (t *jsonTree) list(e *element, key []byte, pos int) error {
	list, err := t.begin(key, pos)
	if err != nil {
		return err
	}
	e.children = append(e.children, list)
	it := t.j.elements(pos)
	for it.next() {
		c, err := t.element(list.name, it.key, it.value)
		if err != nil {
			return err
		}
		list.children = append(list.children, c)
	}
	return it.err
}
