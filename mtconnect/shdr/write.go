package shdr

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Append appends the line, without a line break, to b. It returns an error that
// names the field where SHDR cannot hold what it says: line breaks, white space
// in keys, a colon in a device or native code. White space around values is
// left out.
func (l *Line) Append(b []byte) ([]byte, error) {
	start := len(b)
	b, err := l.append(b)
	if err != nil {
		return b[:start], err
	}
	if bytes.ContainsAny(b[start:], "\n\x00") {
		return b[:start], errors.New("shdr: a line must not hold a line break or a zero byte")
	}
	return b, nil
}

func (l *Line) append(b []byte) ([]byte, error) {
	if l.Command != nil {
		return l.Command.append(b)
	}
	b, err := l.appendTime(b)
	if err != nil {
		return b, err
	}
	if l.Asset != nil {
		return l.Asset.append(b)
	}
	if len(l.Items) == 0 {
		return b, errors.New("shdr: a line must have items, an asset or a command")
	}
	for i := range l.Items {
		if b, err = l.Items[i].append(b); err != nil {
			return b, fmt.Errorf("shdr: %.40q: %w", l.Items[i].Key, err)
		}
	}
	return b, nil
}

func (l *Line) appendTime(b []byte) ([]byte, error) {
	if l.Time.IsZero() {
		if l.Duration != 0 {
			return b, errors.New("shdr: a duration needs a timestamp")
		}
		return b, nil
	}
	at := l.Time.UTC()
	if !isTimestamp(at) {
		return b, fmt.Errorf("shdr: timestamp: year %d: must be 1 to 9999", at.Year())
	}
	b = at.AppendFormat(b, time.RFC3339Nano)
	if l.Duration != 0 {
		if !(l.Duration > 0) || math.IsInf(l.Duration, 0) {
			return b, errors.New("shdr: duration: must be a number of seconds")
		}
		b = append(b, '@')
		b = strconv.AppendFloat(b, l.Duration, 'f', -1, 64)
	}
	return b, nil
}

func (c *Command) append(b []byte) ([]byte, error) {
	if c.Name == "" || strings.ContainsAny(c.Name, ":"+space) {
		return b, fmt.Errorf("shdr: command %.40q: must be one word", c.Name)
	}
	b = append(b, "* "...)
	b = append(b, c.Name...)
	value := strings.Trim(c.Value, space)
	if value == "" {
		return b, nil
	}
	// The heartbeat has no colon.
	if c.Name != "PONG" || strings.HasPrefix(value, ":") {
		b = append(b, ':')
	}
	b = append(b, ' ')
	return append(b, value...), nil
}

func (a *Asset) append(b []byte) ([]byte, error) {
	switch a.Action {
	case Put:
		if strings.Trim(a.ID, space) == "" || strings.Trim(a.Type, space) == "" || strings.Trim(a.Body, space) == "" {
			return b, errors.New("shdr: asset: must have an id, a type and a body")
		}
		return appendFields(append(b, "|@ASSET@"...), a.ID, a.Type, a.Body), nil
	case Remove:
		if strings.Trim(a.ID, space) == "" {
			return b, errors.New("shdr: asset: must have an id")
		}
		return appendFields(append(b, "|@REMOVE_ASSET@"...), a.ID), nil
	case RemoveAll:
		return appendFields(append(b, "|@REMOVE_ALL_ASSETS@"...), a.Type), nil
	default:
		return b, fmt.Errorf("shdr: asset: action %d: must be Put, Remove or RemoveAll", a.Action)
	}
}

func (it *Item) append(b []byte) ([]byte, error) {
	key := it.Key
	switch {
	case key == "" || key != strings.Trim(key, space) || it.Device != strings.Trim(it.Device, space):
		return b, errors.New("key: must not be empty or have white space around it")
	case strings.Contains(it.Device, ":"), it.Device == "" && strings.ContainsAny(key, ":"):
		return b, errors.New("key: a colon may stand between device and key only")
	case it.Device == "" && key[0] == '@':
		return b, errors.New("key: must not begin with @")
	case it.Device != "":
		key = it.Device + ":" + key
	}
	b = appendFields(b, key)
	switch it.Kind {
	case Condition:
		return it.appendCondition(b)
	case Message:
		return appendFields(b, it.NativeCode, it.Value), nil
	case AssetEvent:
		return appendFields(b, it.AssetType, it.Value), nil
	case TimeSeries:
		return it.appendTimeSeries(b)
	case DataSet, Table:
		return it.appendSet(b)
	case Unknown:
		if len(it.Fields) == 0 {
			return b, errors.New("fields: must have at least one")
		}
		return appendFields(b, it.Fields...), nil
	case Resettable:
		if strings.Contains(it.Value, ":") {
			return b, errors.New("value: must not hold a colon")
		}
		if it.Reset != "" {
			return appendFields(b, strings.Trim(it.Value, space)+":"+it.Reset), nil
		}
	}
	return appendFields(b, it.Value), nil
}

func (it *Item) appendCondition(b []byte) ([]byte, error) {
	switch it.Level {
	case "NORMAL", "WARNING", "FAULT", Unavailable:
	default:
		return b, fmt.Errorf("level %.40q: must be NORMAL, WARNING, FAULT or UNAVAILABLE", it.Level)
	}
	if strings.Contains(it.NativeCode, ":") {
		return b, errors.New("native code: must not hold a colon")
	}
	code := it.NativeCode
	if it.ConditionID != "" {
		code = strings.Trim(code, space) + ":" + it.ConditionID
	}
	return appendFields(b, it.Level, code, it.NativeSeverity, it.Qualifier, it.Value), nil
}

func (it *Item) appendTimeSeries(b []byte) ([]byte, error) {
	if it.Count < 0 || it.Count > math.MaxInt32 || !(it.Rate >= 0) || math.IsInf(it.Rate, 0) {
		return b, errors.New("count and rate: must be numbers and not negative")
	}
	var count, rate string
	if it.Count > 0 {
		count = strconv.Itoa(it.Count)
	}
	if it.Rate > 0 {
		rate = strconv.FormatFloat(it.Rate, 'g', -1, 64)
	}
	return appendFields(b, count, rate, it.Value), nil
}

func (it *Item) appendSet(b []byte) ([]byte, error) {
	if it.Value != "" {
		if it.Value != Unavailable || len(it.Entries) > 0 || it.Reset != "" {
			return b, errors.New("value: a data set has entries, or the value UNAVAILABLE")
		}
		return appendFields(b, it.Value), nil
	}
	var words []string
	if it.Reset != "" {
		if strings.ContainsAny(it.Reset, space) {
			return b, errors.New("reset: must be one word")
		}
		words = append(words, ":"+it.Reset)
	}
	for i := range it.Entries {
		e := &it.Entries[i]
		if err := checkSetKey(e.Key, ""); err != nil {
			return b, err
		}
		if i == 0 && it.Reset == "" && e.Key[0] == ':' {
			return b, fmt.Errorf("entry %.40q: the first key must not begin with a colon", e.Key)
		}
		word := e.Key
		switch {
		case e.Removed:
		case it.Kind == Table:
			cells, err := tableRow(e.Cells)
			if err != nil {
				return b, err
			}
			word += "={" + cells + "}"
		default:
			word += "=" + setValue(e.Value)
		}
		words = append(words, word)
	}
	text := strings.Join(words, " ")
	if strings.EqualFold(text, Unavailable) {
		text += "=" // A removed key of that name, not a set that is not known.
	}
	return appendFields(b, text), nil
}

// checkSetKey reports an error where a key holds what ends it.
func checkSetKey(key, stop string) error {
	if key == "" || strings.ContainsAny(key, "="+space+stop) {
		return fmt.Errorf("entry %.40q: a key must not be empty or hold white space, = or a closing brace", key)
	}
	return nil
}

func tableRow(cells []Cell) (string, error) {
	var words []string
	for _, c := range cells {
		if err := checkSetKey(c.Key, "}"); err != nil {
			return "", err
		}
		words = append(words, c.Key+"="+setValue(c.Value))
	}
	return strings.Join(words, " "), nil
}

// setValue writes the value of an entry or cell, in quotes where it must be.
func setValue(s string) string {
	if s != "" && !strings.ContainsAny(s, "\"'{}\\"+space) {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// appendFields appends fields, each with a pipe before it, in quotes where they
// must be.
func appendFields(b []byte, fields ...string) []byte {
	for _, f := range fields {
		b = append(b, '|')
		f = strings.Trim(f, space)
		if !strings.Contains(f, "|") && !strings.HasPrefix(f, `"`) {
			b = append(b, f...)
			continue
		}
		b = append(b, '"')
		for i := range len(f) {
			if f[i] == '|' || f[i] == '"' || f[i] == '\\' {
				b = append(b, '\\')
			}
			b = append(b, f[i])
		}
		b = append(b, '"')
	}
	return b
}
