package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// npmPackage is a package and what is used of it.
type npmPackage struct {
	name, version string
	// dir is the folder under vendor; files lead from the path in the package
	// to the path in dir.
	dir   string
	files map[string]string
}

var packages = []npmPackage{
	{"bootstrap", "5.3.8", "bootstrap", map[string]string{
		"dist/css/bootstrap.css": "bootstrap.css",
		"LICENSE":                "LICENSE",
	}},
	{"chart.js", "4.6.1", "chart.js", map[string]string{
		"dist/chart.js":        "chart.js",
		"dist/helpers.js":      "helpers.js",
		"dist/chunks/index.js": "chunks/index.js",
		"LICENSE.md":           "LICENSE",
	}},
	{"chartjs-plugin-zoom", "2.2.0", "chartjs-plugin-zoom", map[string]string{
		"dist/chartjs-plugin-zoom.esm.js": "zoom.js",
		"LICENSE.md":                      "LICENSE",
	}},
	{"chartjs-plugin-annotation", "3.1.0", "chartjs-plugin-annotation", map[string]string{
		"dist/chartjs-plugin-annotation.esm.js": "annotation.js",
		"LICENSE.md":                            "LICENSE",
	}},
	{"@kurkle/color", "0.3.4", "kurkle-color", map[string]string{
		"dist/color.esm.js": "color.js",
		"LICENSE.md":        "LICENSE",
	}},
}

// fileLimit is the size of the largest file that is taken from a package.
const fileLimit = 4 << 20

// vendor fetches the packages into a scratch folder, checks what is used of
// them against vendor.sha256 and copies it. A file that the list does not have
// yet is refused, with the line that would admit it.
func vendor(ctx context.Context, dir string) error {
	target := filepath.Join(dir, "assets", "vendor")
	sums, err := readSums(filepath.Join(dir, "assets", "vendor.sha256"))
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "assets-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }()

	var refused []error
	for _, p := range packages {
		files, err := fetch(ctx, scratch, p)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		for from, to := range p.files {
			name := p.dir + "/" + to
			content, ok := files[from]
			if !ok {
				return fmt.Errorf("%s@%s has no %s", p.name, p.version, from)
			}
			if sum := checksum(content); sums[name] != sum {
				refused = append(refused, fmt.Errorf("vendor.sha256 does not list %s  %s", sum, name))
				continue
			}
			if err := write(filepath.Join(target, filepath.FromSlash(name)), content); err != nil {
				return err
			}
		}
	}
	return errors.Join(refused...)
}

// checkVendor compares the files in the vendor folder with vendor.sha256, which
// must list each of them.
func checkVendor(dir string) error {
	sums, err := readSums(filepath.Join(dir, "assets", "vendor.sha256"))
	if err != nil {
		return err
	}
	for _, p := range packages {
		for _, file := range p.files {
			name := p.dir + "/" + file
			content, err := os.ReadFile(filepath.Join(dir, "assets", "vendor", filepath.FromSlash(name)))
			if err != nil {
				return err
			}
			if checksum(content) != sums[name] {
				return fmt.Errorf("assets/vendor/%s is not the file that vendor.sha256 lists", name)
			}
		}
	}
	return nil
}

// fetch has npm fetch a package and gives the files that are used of it.
func fetch(ctx context.Context, scratch string, p npmPackage) (map[string][]byte, error) {
	cmd := exec.CommandContext(ctx, "npm", "pack", "--silent", "--pack-destination", scratch, p.name+"@"+p.version)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("npm pack: %w", err)
	}
	archive, err := os.Open(filepath.Join(scratch, filepath.Base(strings.TrimSpace(string(out)))))
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	plain, err := gzip.NewReader(archive)
	if err != nil {
		return nil, err
	}
	files := make(map[string][]byte)
	for entries := tar.NewReader(plain); ; {
		h, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		name := strings.TrimPrefix(h.Name, "package/")
		if _, used := p.files[name]; !used {
			continue
		}
		if h.Size > fileLimit {
			return nil, fmt.Errorf("%s has %d bytes, more than %d", name, h.Size, fileLimit)
		}
		if files[name], err = io.ReadAll(entries); err != nil {
			return nil, err
		}
	}
}

// readSums reads a list as sha256sum writes it.
func readSums(path string) (map[string]string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	sums := make(map[string]string)
	for lines := bufio.NewScanner(bytes.NewReader(content)); lines.Scan(); {
		sum, name, ok := strings.Cut(lines.Text(), "  ")
		if !ok {
			return nil, fmt.Errorf("%s: %q is not a sum, two spaces and a name", path, lines.Text())
		}
		sums[name] = sum
	}
	return sums, nil
}

func checksum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}
