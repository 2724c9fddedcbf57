package agent

import (
	"fmt"
	"strconv"
	"strings"
)

// schema is a version of the standard.
type schema struct{ major, minor int }

// at reports whether the version is major.minor or later.
func (s schema) at(major, minor int) bool {
	return s.major > major || s.major == major && s.minor >= minor
}

func (s schema) String() string { return strconv.Itoa(s.major) + "." + strconv.Itoa(s.minor) }

// parseSchema reads a version such as "1.3".
func parseSchema(version string) (schema, error) {
	first, second, ok := strings.Cut(version, ".")
	major, err1 := strconv.ParseUint(first, 10, 8)
	minor, err2 := strconv.ParseUint(second, 10, 8)
	s := schema{int(major), int(minor)}
	if !ok || err1 != nil || err2 != nil || major < 1 || s.String() != version {
		return schema{}, fmt.Errorf("agent: SchemaVersion %q: must be a version of the standard such as 1.3 or 2.7", version)
	}
	return s, nil
}
