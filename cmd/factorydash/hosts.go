package main

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/factorydash/factorydash/internal/plant"
)

// hostFlags says under which names the pages are served.
type hostFlags struct {
	AllowedHosts string `help:"Names under which the pages may be asked for, separated by commas or spaces; .example.com allows every name below it. Without any: every IP address, localhost, and the name of this machine." placeholder:"NAMES" env:"ALLOWED_HOSTS"`
}

// Validate is called by the command line's parser.
func (f hostFlags) Validate() error {
	_, err := f.rules()
	return err
}

func (f hostFlags) rules() (hostRules, error) { return parseHosts(f.AllowedHosts) }

// hostRules say under which names the pages may be asked for. A page that is
// asked for under another one is most likely part of an attack: a site on the
// internet whose name was pointed at this machine (DNS rebinding).
type hostRules struct {
	// names are allowed in lower case, without ports; one that begins with a dot
	// allows every name below it.
	names []string
	// unnamed is set where no names were given: then addresses and the machine's
	// own names are allowed.
	unnamed bool
}

// parseHosts reads names separated by commas or spaces, such as
// "floor.example.com, .plant.example.com". Invalid where one is none.
func parseHosts(text string) (hostRules, error) {
	names := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r == ',' || r == ' ' })
	for _, name := range names {
		if strings.ContainsAny(name, "/:*@") && net.ParseIP(name) == nil {
			return hostRules{}, plant.Errorf(plant.Invalid, "ALLOWED_HOSTS %q: use names such as floor.example.com, without scheme and port; .example.com allows every name below it", name)
		}
	}
	if len(names) > 0 {
		return hostRules{names: names}, nil
	}
	rules := hostRules{names: []string{"localhost"}, unnamed: true}
	if own, err := os.Hostname(); err == nil {
		rules.names = append(rules.names, strings.ToLower(own), strings.ToLower(own)+".local")
	}
	return rules, nil
}

// allows reports whether the value of a Host header is one of the names.
func (r hostRules) allows(header string) bool {
	host := strings.ToLower(header)
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.Trim(host, "[]"), ".")
	if _, err := netip.ParseAddr(host); err == nil && r.unnamed {
		return true
	}
	return slices.ContainsFunc(r.names, func(name string) bool {
		return host == name || strings.HasPrefix(name, ".") && strings.HasSuffix(host, name)
	})
}

// example gives one of the names that are allowed.
func (r hostRules) example() string {
	if strings.HasPrefix(r.names[0], ".") {
		return "factorydash" + r.names[0]
	}
	return r.names[0]
}

// healthPaths are asked for by platforms and monitors under whatever name they
// know; what they answer is for everybody.
var healthPaths = []string{"/healthz", "/readyz"}

// guard refuses requests under other names.
func (r hostRules) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if r.allows(q.Host) || slices.Contains(healthPaths, q.URL.Path) {
			next.ServeHTTP(w, q)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.WriteHeader(http.StatusMisdirectedRequest)
		fmt.Fprintln(w, "This name is not one of those that factorydash answers to: add it to ALLOWED_HOSTS.")
	})
}
