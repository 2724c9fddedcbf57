package web

import (
	"bytes"
	"net/url"
	"regexp"
	"time"
)

var (
	// linkTag finds the tags that lead to other pages. Within a tag, html/template
	// leaves no > and no quote but those that end it and its attributes.
	linkTag = regexp.MustCompile(`<(?:a|form)\s[^>]*>`)
	// pageLink finds where a link leads within the site, up to its fragment: what
	// begins with / or ?, and neither an answer for programs nor an asset.
	pageLink = regexp.MustCompile(` href="(\?[^"#]*|/[^"#]*)`)
	// ownMoment finds an address with a moment of its own.
	ownMoment = regexp.MustCompile(`(?:\?|&amp;|&#38;)at=`)
)

// keepMoment lets the links and forms of a page that has been drawn lead to the
// same moment of the past, so that one walks from page to page in it. Those that
// have a moment of their own, or the attribute data-moment since they lead to
// another, stay as they are. It is done here, once, rather than by each of those
// who write links.
func keepMoment(page []byte, at time.Time) []byte {
	param := []byte("at=" + url.QueryEscape(momentText(at)))
	field := []byte(`<input type="hidden" name="at" value="` + momentText(at) + `">`)
	return linkTag.ReplaceAllFunc(page, func(tag []byte) []byte {
		switch {
		case bytes.Contains(tag, []byte(" data-moment")):
			return tag
		case bytes.HasPrefix(tag, []byte("<form")):
			if bytes.Contains(tag, []byte(`method="dialog"`)) {
				return tag
			}
			return append(bytes.Clone(tag), field...)
		}
		m := pageLink.FindSubmatchIndex(tag)
		if m == nil {
			return tag
		}
		href := tag[m[2]:m[3]]
		if ownMoment.Match(href) || bytes.HasPrefix(href, []byte("/api/")) || bytes.HasPrefix(href, []byte("/assets/")) {
			return tag
		}
		joint := []byte("?")
		if bytes.HasSuffix(href, []byte("?")) {
			joint = nil
		} else if bytes.ContainsRune(href, '?') {
			joint = []byte("&amp;")
		}
		return bytes.Join([][]byte{tag[:m[3]], joint, param, tag[m[3]:]}, nil)
	})
}
