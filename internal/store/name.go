package store

import (
	"fmt"
	"iter"
	"strings"

	"github.com/factorydash/factorydash/internal/plant"
)

// Identity is by what a device is known within its agent: its UUID, or its name
// where it has none. The slash keeps names apart from UUIDs.
func Identity(d plant.Device) string {
	if d.UUID != "" {
		return d.UUID
	}
	return "/" + d.Name
}

// maxSlug is how long the part of a slug that comes from a name may be.
const maxSlug = 64

// Slugs yields without end what a new device may be called in addresses: the slug
// that it brings from the store it is copied from, its name, its name with its
// agent's, and that with a number. The first one that no other device has is its
// slug.
func Slugs(d plant.Device, agent string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if d.Slug != "" && !yield(d.Slug) {
			return
		}
		base := slugify(d.Name)
		full := base + "-" + slugify(agent)
		if !yield(base) || !yield(full) {
			return
		}
		for n := 2; yield(fmt.Sprintf("%s-%d", full, n)); n++ {
		}
	}
}

// slugify turns a name into lower-case letters, digits and single dashes.
func slugify(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case b.Len() >= maxSlug:
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	if slug := strings.Trim(b.String(), "-"); slug != "" {
		return slug
	}
	return "machine"
}
