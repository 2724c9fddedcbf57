package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"
)

// modules are the modules that pages load, split where they share code.
// theme.js stands apart: it is a plain script, since it must run before the
// page is painted.
var (
	modules = []string{
		"ts/floor.ts", "ts/andon.ts", "ts/machine.ts", "ts/timeline.ts", "ts/agents.ts", "ts/alarms.ts", "ts/explore.ts", "ts/system.ts", "ts/production.ts", "ts/page.ts",
	}
	others = []string{"ts/theme.ts", "css/app.css", "css/icon.svg"}
)

// bundle makes assets/dist anew: the files with the hash of their content in
// their names, and manifest.json that leads to them.
func bundle(dir string) error {
	if err := checkVendor(dir); err != nil {
		return err
	}
	root, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	o := options(root)
	o.Format, o.Splitting, o.EntryPoints = api.FormatESModule, true, modules
	split, err := build(o)
	if err != nil {
		return err
	}
	o = options(root)
	o.Format, o.EntryPoints = api.FormatIIFE, others
	plain, err := build(o)
	if err != nil {
		return err
	}

	dist := filepath.Join(root, "assets", "dist")
	if err := os.RemoveAll(dist); err != nil {
		return err
	}
	manifest := make(map[string]string)
	for _, result := range []api.BuildResult{split, plain} {
		for _, f := range result.OutputFiles {
			if err := write(f.Path, f.Contents); err != nil {
				return err
			}
		}
		if err := enter(manifest, result.Metafile); err != nil {
			return err
		}
	}
	list, err := json.MarshalIndent(manifest, "", "\t")
	if err != nil {
		return err
	}
	return write(filepath.Join(dist, "manifest.json"), append(list, '\n'))
}

func options(root string) api.BuildOptions {
	vendored := filepath.Join(root, "assets", "vendor")
	return api.BuildOptions{
		AbsWorkingDir: root,
		Outdir:        filepath.Join(root, "assets", "dist"),
		EntryNames:    "[name]-[hash]",
		ChunkNames:    "[name]-[hash]",
		Bundle:        true,
		Metafile:      true,
		Target:        api.ES2022,
		Charset:       api.CharsetUTF8,
		LegalComments: api.LegalCommentsNone, // Their texts stand on /about.
		Loader:        map[string]api.Loader{".svg": api.LoaderCopy},
		Alias: map[string]string{
			"bootstrap":                 filepath.Join(vendored, "bootstrap", "bootstrap.css"),
			"chart.js":                  filepath.Join(vendored, "chart.js", "chart.js"),
			"chart.js/helpers":          filepath.Join(vendored, "chart.js", "helpers.js"),
			"chartjs-plugin-annotation": filepath.Join(vendored, "chartjs-plugin-annotation", "annotation.js"),
			"chartjs-plugin-zoom":       filepath.Join(vendored, "chartjs-plugin-zoom", "zoom.js"),
			"hammerjs":                  filepath.Join(root, "ts", "nohammer.ts"),
			"@kurkle/color":             filepath.Join(vendored, "kurkle-color", "color.js"),
		},
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		TreeShaking:       api.TreeShakingTrue,
	}
}

func build(o api.BuildOptions) (api.BuildResult, error) {
	result := api.Build(o)
	var errs []error
	for _, m := range append(result.Errors, result.Warnings...) {
		where := ""
		if m.Location != nil {
			where = fmt.Sprintf("%s:%d: ", m.Location.File, m.Location.Line)
		}
		errs = append(errs, errors.New(where+m.Text))
	}
	return result, errors.Join(errs...)
}

// enter adds the entry points of a build to the manifest: the name of the
// source with the extension of the output leads to the output.
func enter(manifest map[string]string, metafile string) error {
	var meta struct {
		Outputs map[string]struct {
			EntryPoint string `json:"entryPoint"`
		} `json:"outputs"`
	}
	if err := json.Unmarshal([]byte(metafile), &meta); err != nil {
		return err
	}
	for output, o := range meta.Outputs {
		if o.EntryPoint == "" {
			continue
		}
		source, file := filepath.Base(o.EntryPoint), filepath.Base(output)
		name := source[:len(source)-len(filepath.Ext(source))] + filepath.Ext(file)
		if other, taken := manifest[name]; taken {
			return fmt.Errorf("%s and %s would both be %s", other, file, name)
		}
		manifest[name] = file
	}
	return nil
}
