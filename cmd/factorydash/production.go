package main

import (
	"errors"
	"net"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/factorydash/factorydash/internal/plant"
)

// The values of FACTORYDASH_ENV.
const (
	envProduction  = "production"
	envDevelopment = "development"
)

// Least demands on SECRET_KEY in production: as many characters as 128 random bits
// have in hexadecimal form, and so many different ones that it was not typed.
const (
	minSecretKeyBytes    = 32
	minSecretKeyDistinct = 8
)

// production reports whether this is an installation that others than its maker
// reach: where FACTORYDASH_ENV is "production", or where that is not set and the
// platform says that it runs us (RAILWAY_ENVIRONMENT).
func production() bool {
	env := os.Getenv("FACTORYDASH_ENV")
	return env == envProduction || env == "" && os.Getenv("RAILWAY_ENVIRONMENT") != ""
}

// productionReason says for people what production is decided by. Invalid where
// FACTORYDASH_ENV is neither of its values.
func productionReason() (string, error) {
	switch env := os.Getenv("FACTORYDASH_ENV"); {
	case env != "" && env != envProduction && env != envDevelopment:
		return "unknown", plant.Errorf(plant.Invalid, "FACTORYDASH_ENV %.50q: use %s or %s", env, envProduction, envDevelopment)
	case env != "":
		return env, nil
	case production():
		return envProduction + " (RAILWAY_ENVIRONMENT is set)", nil
	default:
		return envDevelopment, nil
	}
}

// publicFlags is under which names, behind what and with which key pages are
// served.
type publicFlags struct {
	hostFlags
	proxyFlags
	SecretKey string `help:"At least 32 random characters with which what browsers keep is signed; production demands one. SECRET_KEY_FILE names a file that holds it." placeholder:"TEXT" env:"SECRET_KEY"`
}

// Validate is called by the command line's parser.
func (f publicFlags) Validate() error {
	return errors.Join(f.hostFlags.Validate(), f.proxyFlags.Validate())
}

// checkSecretKey says what is wrong with the key, where it can be known. Its
// errors do not show it.
func (f publicFlags) checkSecretKey() (state string, err error) {
	key := f.SecretKey
	if key == "" {
		if key, err = secret("SECRET_KEY"); err != nil {
			return "unreadable", err
		}
	}
	if key == "" {
		if production() {
			return "none", plant.Errorf(plant.Invalid, "SECRET_KEY is not set, and this is production: use a random text of %d characters or more, such as `openssl rand -hex 32` prints", minSecretKeyBytes)
		}
		return "none", nil
	}
	if production() && weak(key) {
		return "set", plant.Errorf(plant.Invalid, "SECRET_KEY can be guessed: use a random text of %d characters or more, such as `openssl rand -hex 32` prints", minSecretKeyBytes)
	}
	return "set", nil
}

// weak reports whether a key is too short or too regular to be random.
func weak(key string) bool {
	if len(key) < minSecretKeyBytes || strings.Contains(strings.ToLower(key), "changeme") {
		return true
	}
	distinct := make(map[rune]bool)
	run, longest := 0, 0 // of characters that each follow the one before, as in "abcd" or "aaaa"
	before := utf8.RuneError
	for _, r := range key {
		distinct[r] = true
		if step := r - before; step == 0 || step == 1 {
			run++
		} else {
			run = 0
		}
		longest, before = max(longest, run), r
	}
	half := key[:len(key)/2]
	return len(distinct) < minSecretKeyDistinct || longest >= len(key)/4 || key == half+half
}

// checkNames says what is wrong with the names that are allowed.
func (f publicFlags) checkNames() error {
	rules, err := f.rules()
	if err == nil && production() && rules.unnamed {
		return plant.Errorf(plant.Invalid, "ALLOWED_HOSTS is empty, and this is production: name what the pages are opened under, such as floor.example.com")
	}
	return err
}

// checkProduction refuses what must not be where others than its maker reach the
// pages; outside of production there is nothing to refuse.
func (f publicFlags) checkProduction() error {
	_, err := f.checkSecretKey()
	return errors.Join(err, f.checkNames())
}

// beyondLoopback reports whether what listens on an address can be reached from
// other machines.
func beyondLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil || host == "localhost" {
		return false
	}
	ip := net.ParseIP(host)
	return ip == nil || !ip.IsLoopback()
}
