package main

import (
	"cmp"
	"net"
	"os"

	"github.com/factorydash/factorydash/internal/plant"
)

// defaultListen keeps the page on this machine: there are no accounts yet.
const defaultListen = "127.0.0.1:8000"

// listenFlags is where the page is served.
type listenFlags struct {
	Listen string `help:"Address and port of the page. The platform's PORT, where it is set, is the default port; in production the default is every address." default:"" placeholder:"ADDR" env:"FACTORYDASH_LISTEN"`
}

// address is what to listen on where nothing is said: loopback, and in production,
// where the settings are checked, every address; port 8000, or the one that a
// platform gives by PORT.
func (f listenFlags) address() (string, error) {
	address := f.Listen
	if address == "" {
		host, port, err := net.SplitHostPort(defaultListen)
		if err != nil {
			return "", err
		}
		if production() {
			host = ""
		}
		address = net.JoinHostPort(host, cmp.Or(os.Getenv("PORT"), port))
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		return "", plant.Errorf(plant.Invalid, "--listen %q: use address:port, such as %s, or :8000 for every address", address, defaultListen)
	}
	return address, nil
}

// dialAddress is where a program on this machine reaches what listens there.
func (f listenFlags) dialAddress() string {
	address, err := f.address()
	if err != nil {
		return f.Listen
	}
	host, port, _ := net.SplitHostPort(address)
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
