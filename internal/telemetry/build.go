package telemetry

import (
	"runtime"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Build is what a binary was built from.
type Build struct {
	// Version is the release, or "devel" with the commit where there is none.
	Version string `json:"version"`
	// Commit is the revision, with "+changes" where the work tree was not
	// clean; empty where the build does not know.
	Commit string `json:"commit,omitempty"`
	// Time is the commit's time.
	Time string `json:"time,omitempty"`
	Go   string `json:"go"`
	// Platform is the operating system and the architecture.
	Platform string `json:"platform"`
}

// ReadBuild gives what the running binary was built from. A stamped version
// (set by the linker) wins over what the Go tool recorded.
func ReadBuild(stamped string) Build {
	b := Build{Version: "devel", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if ok {
		if v := info.Main.Version; v != "" && v != "(devel)" {
			b.Version = v
		}
		dirty := false
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				b.Commit = s.Value
			case "vcs.time":
				b.Time = s.Value
			case "vcs.modified":
				dirty = s.Value == "true"
			}
		}
		if dirty {
			b.Commit += "+changes"
		}
	}
	if stamped != "" {
		b.Version = stamped
	}
	return b
}

// NewRegistry makes the registry that every part registers its metrics with,
// with those of the process and of the Go runtime and one that tells the build.
func NewRegistry(b Build) *prometheus.Registry {
	r := prometheus.NewRegistry()
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "factorydash_build_info",
		Help:        "Always 1; the labels tell the build.",
		ConstLabels: prometheus.Labels{"version": b.Version, "commit": b.Commit, "go": b.Go},
	})
	info.Set(1)
	r.MustRegister(
		info,
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return r
}
