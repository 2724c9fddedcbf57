//go:build unix

package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// runIn runs a program in the checkout and gives all that it printed.
func runIn(t *testing.T, env []string, name string, args ...string) (out string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = repository
	cmd.Env = append(os.Environ(), env...)
	text, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !asExit(err, &exit) {
		t.Fatalf("%s: %v", name, err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

// needs skips a test where a program is missing, or fails it where all are required.
func needs(t *testing.T, name, where string) {
	t.Helper()
	if _, err := exec.LookPath(name); err == nil {
		return
	}
	if os.Getenv("FACTORYDASH_TEST_REQUIRE") == "1" && where != "" {
		t.Fatalf("%s is not installed: %s does that", name, where)
	}
	t.Skipf("%s is not installed", name)
}

// Workflows are checked by actionlint, which has shellcheck look at their scripts;
// every action is pinned by a commit, and no job may write more than it needs.
func TestWorkflows(t *testing.T) {
	needs(t, "shellcheck", "scripts/install-checkers")
	if out, code := runIn(t, nil, "go", "tool", "-modfile=tools/go.mod", "actionlint"); code != 0 {
		t.Errorf("actionlint: %s", out)
	}
	files, err := filepath.Glob(filepath.Join(repository, ".github", "workflows", "*.yml"))
	if err != nil || len(files) < 3 {
		t.Fatalf("workflows: %v, %v", files, err)
	}
	pinned := regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if _, action, ok := strings.Cut(line, "uses: "); ok && !pinned.MatchString(strings.TrimSpace(action)) {
				t.Errorf("%s: %s is not pinned by a commit with its version behind it", filepath.Base(file), action)
			}
		}
		if !strings.Contains(string(text), "\npermissions:\n  contents: read\n") || strings.Contains(string(text), "pull_request_target") {
			t.Errorf("%s: its jobs begin with more rights than to read", filepath.Base(file))
		}
		if secrets := regexp.MustCompile(`secrets\.(\w+)`).FindAllStringSubmatch(string(text), -1); slices.ContainsFunc(secrets, func(m []string) bool { return m[1] != "RAILWAY_TOKEN" }) {
			t.Errorf("%s: secrets that docs/railway.md does not name: %v", filepath.Base(file), secrets)
		}
	}
}

// Compose files are read as Compose reads them.
func TestComposeFiles(t *testing.T) {
	for _, file := range []string{"compose.yaml", "compose.dev.yaml", ".devcontainer/compose.yaml"} {
		var project struct {
			Services map[string]struct {
				Ports []struct {
					HostIP string `json:"host_ip"`
				}
			}
		}
		readDeployFile(t, "compose", file, &project)
		for name, s := range project.Services {
			for _, p := range s.Ports {
				if p.HostIP != "127.0.0.1" {
					t.Errorf("%s: %s publishes a port beyond this machine", file, name)
				}
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(repository, ".devcontainer", "devcontainer.json"))
	if err != nil || !json.Valid(text) {
		t.Errorf("devcontainer.json: %v", err)
	}
}

func TestScripts(t *testing.T) {
	needs(t, "shellcheck", "scripts/install-checkers")
	files, err := filepath.Glob(filepath.Join(repository, "scripts", "*"))
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, filepath.Join(repository, "deploy", "debian", "postinst"), filepath.Join(repository, "deploy", "debian", "prerm"))
	args := []string{}
	for _, file := range files {
		path, err := filepath.Rel(repository, file)
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	if out, code := runIn(t, nil, "shellcheck", args...); code != 0 {
		t.Error(out)
	}
}

// The units are verified, and closed off as far as `systemd-analyze security` can say.
func TestSystemdUnits(t *testing.T) {
	needs(t, "systemd-analyze", "")
	folder := t.TempDir()
	units, err := filepath.Glob(filepath.Join(repository, "deploy", "systemd", "factorydash*.*"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, unit := range units {
		name := strings.Replace(filepath.Base(unit), "@", "@web", 1)
		if strings.HasSuffix(name, ".env") {
			continue
		}
		text, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), "/usr/bin/factorydash", "/bin/true")), 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, path)
		if strings.HasSuffix(name, ".service") {
			if out, code := runIn(t, nil, "systemd-analyze", "security", "--offline=yes", "--threshold=15", path); code != 0 {
				t.Errorf("%s is too open: %s", name, out)
			}
		}
	}
	if out, code := runIn(t, nil, "systemd-analyze", append([]string{"verify", "--man=no"}, names...)...); code != 0 || strings.Contains(out, folder) {
		t.Errorf("systemd-analyze verify: %d: %s", code, out)
	}
}

// What make image runs for what is given, and what it refuses.
func TestImageParameters(t *testing.T) {
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"factorydash:local", "v1.2.3", "", ""}, 0, "docker buildx build --build-arg VERSION=v1.2.3 --tag factorydash:local --load ."},
		{[]string{"ghcr.io/x/y:1", "v1", "linux/amd64,linux/arm64", "1"}, 0, "--platform linux/amd64\\,linux/arm64 --provenance=mode=max --sbom=true --push ."},
		{[]string{"Factory Dash", "v1", "", ""}, 2, "IMAGE"},
		{[]string{"x", "v1;ls", "", ""}, 2, "VERSION"},
		{[]string{"x", "v1", "windows/amd64", ""}, 2, "PLATFORMS"},
		{[]string{"x", "v1", "linux/amd64,linux/arm64", ""}, 2, "PUSH=1"},
		{[]string{"x", "v1", "", "yes"}, 2, "PUSH"},
	} {
		if out, code := runIn(t, []string{"CHECK=1"}, "scripts/image", test.args...); code != test.code || !strings.Contains(out, test.want) {
			t.Errorf("scripts/image %q: %d: %s", test.args, code, out)
		}
	}
}

// A release for one platform: archive, package and checksums, and its notes.
func TestRelease(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles everything")
	}
	t.Parallel()
	needs(t, "dpkg-deb", "")
	folder := t.TempDir()
	if out, code := runIn(t, []string{"PLATFORMS=linux/amd64"}, "scripts/release", "v1.2.3", folder); code != 0 {
		t.Fatalf("scripts/release: %d: %s", code, out)
	}
	if out, code := runIn(t, nil, "sh", "-c", "cd "+folder+" && sha256sum --check --strict SHA256SUMS"); code != 0 || strings.Count(out, ": OK") != 2 {
		t.Errorf("checksums: %s", out)
	}
	deb := filepath.Join(folder, "factorydash_1.2.3_amd64.deb")
	if out, code := runIn(t, nil, "dpkg-deb", "--field", deb); code != 0 || !strings.Contains(out, "Version: 1.2.3\nArchitecture: amd64\n") {
		t.Errorf("the package: %s", out)
	}
	unpacked := t.TempDir()
	if out, code := runIn(t, nil, "dpkg-deb", "--extract", deb, unpacked); code != 0 {
		t.Fatal(out)
	}
	for _, file := range []string{"usr/lib/systemd/system/factorydash.service", "usr/lib/systemd/system/factorydash@.service", "usr/lib/sysusers.d/factorydash.conf", "usr/lib/tmpfiles.d/factorydash.conf"} {
		if _, err := os.Stat(filepath.Join(unpacked, file)); err != nil {
			t.Error(err)
		}
	}
	if info, err := os.Stat(filepath.Join(unpacked, "etc/factorydash/factorydash.env")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the settings can be read by others: %v, %v", info, err)
	}
	if goEnvIs(t, "GOARCH", "amd64") {
		if out, code := runIn(t, nil, filepath.Join(unpacked, "usr/bin/factorydash"), "version"); code != 0 || !strings.Contains(out, "factorydash v1.2.3") {
			t.Errorf("version: %s", out)
		}
	}
	for _, args := range [][]string{{"1.2"}, {"v1.2.3;x", folder}} {
		if out, code := runIn(t, nil, "scripts/release", args...); code != 2 {
			t.Errorf("scripts/release %q: %d: %s", args, code, out)
		}
	}

	changes := filepath.Join(folder, "changes.md")
	if err := os.WriteFile(changes, []byte("# Changelog\n\n## Unreleased\n\n- new\n\n## 1.2.3 (2026-11-25)\n\n- this\n- that\n\n## 1.2.2\n\n- old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := runIn(t, nil, "scripts/release-notes", "v1.2.3", changes); code != 0 || out != "- this\n- that\n" {
		t.Errorf("notes: %d: %q", code, out)
	}
	if out, code := runIn(t, nil, "scripts/release-notes", "v1.2.4", changes); code != 1 || !strings.Contains(out, "has no section") {
		t.Errorf("notes of nothing: %d: %q", code, out)
	}
}

func goEnvIs(t *testing.T, name, value string) bool {
	t.Helper()
	out, _ := runIn(t, nil, "go", "env", name)
	return strings.TrimSpace(out) == value
}

// railway is Railway's API as far as scripts/railway-deploy uses it, and the pages
// that are deployed.
type railway struct {
	mu     sync.Mutex
	calls  []string          // what was done to which service or deployment
	images map[string]string // by service
	states map[string]string // of deployments, where they are not a success
	pages  int               // status of the pages
	away   int               // how many requests are answered with 502 at first
}

func (s *railway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.URL.Path != "/graphql" {
		w.WriteHeader(s.pages)
		return
	}
	if s.away > 0 {
		s.away--
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	var request struct {
		Query     string
		Variables struct {
			ID, ServiceID, EnvironmentID string
			Input                        struct {
				ServiceID    string
				Source       struct{ Image string }
				StartCommand string
			}
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil || r.Header.Get("Project-Access-Token") != "hunter2-token" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	v := request.Variables
	var data any
	switch {
	case strings.Contains(request.Query, "deployments("):
		data = map[string]any{"deployments": map[string]any{"edges": []any{
			map[string]any{"node": map[string]any{"id": "broken-" + v.Input.ServiceID, "status": "FAILED", "canRollback": false}},
			map[string]any{"node": map[string]any{"id": "old-" + v.Input.ServiceID, "status": "SUCCESS", "canRollback": true}},
		}}}
	case strings.Contains(request.Query, "serviceInstanceUpdate("):
		s.images[v.ServiceID] = v.Input.Source.Image
		s.calls = append(s.calls, "set "+v.ServiceID+": "+v.Input.StartCommand)
		data = map[string]any{"serviceInstanceUpdate": true}
	case strings.Contains(request.Query, "serviceInstanceDeployV2("):
		s.calls = append(s.calls, "deploy "+v.ServiceID)
		data = map[string]any{"serviceInstanceDeployV2": "new-" + v.ServiceID}
	case strings.Contains(request.Query, "deployment("):
		state := s.states[v.ID]
		if state == "" {
			state = "SUCCESS"
		}
		data = map[string]any{"deployment": map[string]any{"status": state}}
	case strings.Contains(request.Query, "deploymentRollback("):
		s.calls = append(s.calls, "roll back to "+v.ID)
		data = map[string]any{"deploymentRollback": true}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": data}) // A client that has gone is not of interest.
}

// scripts/railway-deploy deploys one service behind the other, tries again where the
// API is away, and rolls back what it deployed where a service or the pages are not
// well.
func TestRailwayDeploy(t *testing.T) {
	t.Parallel()
	needs(t, "jq", "scripts/install-checkers")
	needs(t, "curl", "scripts/install-checkers")
	image := "ghcr.io/factorydash/factorydash@sha256:" + strings.Repeat("0a", 32)
	steps := func(services ...string) (calls []string) {
		for _, s := range services {
			calls = append(calls, "set "+s+"-id: /usr/bin/factorydash "+s, "deploy "+s+"-id")
		}
		return calls
	}
	for name, test := range map[string]struct {
		fake  *railway
		code  int
		calls []string
	}{
		"all is well":           {&railway{pages: http.StatusOK}, 0, steps("web", "worker", "scheduler")},
		"the API is away":       {&railway{pages: http.StatusOK, away: 3}, 0, steps("web", "worker", "scheduler")},
		"the schema fails":      {&railway{pages: http.StatusOK, states: map[string]string{"new-web-id": "FAILED"}}, 1, append(steps("web"), "roll back to old-web-id")},
		"the worker crashes":    {&railway{pages: http.StatusOK, states: map[string]string{"new-worker-id": "CRASHED"}}, 1, append(steps("web", "worker"), "roll back to old-worker-id", "roll back to old-web-id")},
		"a service never ends":  {&railway{pages: http.StatusOK, states: map[string]string{"new-web-id": "DEPLOYING"}}, 1, append(steps("web"), "roll back to old-web-id")},
		"the pages do not show": {&railway{pages: http.StatusServiceUnavailable}, 1, append(steps("web", "worker", "scheduler"), "roll back to old-scheduler-id", "roll back to old-worker-id", "roll back to old-web-id")},
		"the API is gone":       {&railway{pages: http.StatusOK, away: 1000}, 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			fake := test.fake
			fake.images = make(map[string]string)
			server := httptest.NewServer(fake)
			defer server.Close()
			out, code := runIn(t, []string{
				"RAILWAY_TOKEN=hunter2-token", "RAILWAY_PROJECT_ID=p", "RAILWAY_ENVIRONMENT_ID=e", "RAILWAY_API=" + server.URL + "/graphql",
				"RAILWAY_WEB_ID=web-id", "RAILWAY_WORKER_ID=worker-id", "RAILWAY_SCHEDULER_ID=scheduler-id", "DEPLOY_TRIES=3", "DEPLOY_PAUSE=0",
			}, "scripts/railway-deploy", image, server.URL)
			if code != test.code || !slices.Equal(fake.calls, test.calls) || strings.Contains(out, "hunter2") {
				t.Errorf("exit code %d, calls %q; want %d, %q\n%s", code, fake.calls, test.code, test.calls, out)
			}
			for service, got := range fake.images {
				if got != image {
					t.Errorf("%s gets %s", service, got)
				}
			}
		})
	}
	if out, code := runIn(t, nil, "scripts/railway-deploy", "factorydash:latest", "https://x"); code != 2 || !strings.Contains(out, "@sha256:") {
		t.Errorf("an image by its tag: %d: %s", code, out)
	}
}
