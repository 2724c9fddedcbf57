package web

import (
	"fmt"
	"io/fs"
	"net/http"
	"path"
)

// aboutBody is what the page about the program shows.
type aboutBody struct {
	Licences []licence
}

// licence is the licence of a package that is part of the pages.
type licence struct{ Name, Text string }

func (s *site) about(w http.ResponseWriter, r *http.Request) {
	licences, err := readLicences(assetFiles)
	if err != nil {
		s.fail(w, r, fmt.Errorf("licences: %w", err))
		return
	}
	s.draw(w, r, http.StatusOK, "about", page{Title: "About", Nav: "about", Body: aboutBody{licences}})
}

func readLicences(files fs.FS) ([]licence, error) {
	names, err := fs.Glob(files, "assets/vendor/*/LICENSE")
	if err != nil {
		return nil, err
	}
	var list []licence
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		list = append(list, licence{path.Base(path.Dir(name)), string(text)})
	}
	return list, nil
}
