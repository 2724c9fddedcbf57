//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/factorydash/factorydash/internal/jobs/redistest"
	"github.com/factorydash/factorydash/internal/store/postgres/pgtest"
)

// repository is the root of the checkout, from the folder of this package.
const repository = "../.."

// dockerStage is a stage of a Dockerfile as tools/deploy prints it.
type dockerStage struct {
	Name, Base   string
	Instructions []struct {
		Name string
		Args []string
		Text string
	}
}

// args gives the arguments of all instructions of a name.
func (s dockerStage) args(name string) []string {
	var all []string
	for _, i := range s.Instructions {
		if i.Name == name {
			all = append(all, i.Args...)
		}
	}
	return all
}

// readDeployFile has tools/deploy check a file and decodes what it means.
func readDeployFile(t *testing.T, kind, file string, into any) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(repository, file))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "run", "-C", filepath.Join(repository, "tools"), "./deploy", kind, path)
	var wrong bytes.Buffer
	cmd.Stderr = &wrong
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", file, err, wrong.String())
	}
	if err := json.Unmarshal(out, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func readDockerfile(t *testing.T) (build, image dockerStage) {
	t.Helper()
	var stages []dockerStage
	readDeployFile(t, "dockerfile", "Dockerfile", &stages)
	if len(stages) != 2 {
		t.Fatalf("the Dockerfile has %d stages, want build and image", len(stages))
	}
	return stages[0], stages[1]
}

// process is a command of a deployment with all the environment that it has.
type process struct {
	name string
	args []string
	env  map[string]string
}

// command makes the process as this program, with no other environment than its own
// and a port that is free, since here all share a machine.
func (p process) command(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := command(t.Context(), p.args...)
	cmd.Env = []string{asProgram + "=1"}
	for name, value := range p.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Dir = t.TempDir()
	return cmd
}

// upMessage is what the process logs when it is up.
func (p process) upMessage() string {
	if p.name == "serve" {
		return upMessage("web")
	}
	return upMessage(p.name)
}

// run runs the process to its end, which must be a good one.
func (p process) run(t *testing.T) {
	t.Helper()
	if out, err := p.command(t).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", p.name, err, out)
	}
}

// withPort gives the process a free port.
func (p process) withPort(t *testing.T) process {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	p.env["PORT"] = strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	return p
}

// checkDeployment runs the commands of a deployment as they are, with their
// environment alone: migrations to their end, then the processes. The pages show what
// the worker captures, under the name that is allowed; all end well at SIGTERM.
func checkDeployment(t *testing.T, host string, migrate process, processes []process) {
	t.Helper()
	migrate.run(t)
	running := make(map[string]*program)
	for _, p := range processes {
		p = p.withPort(t)
		running[p.name] = launch(t, p.command(t))
		running[p.name].waitLog(p.upMessage())
		health := p
		health.args = []string{"healthcheck"}
		health.run(t)
	}
	pages := running["web"]
	if pages == nil {
		pages = running["serve"]
	}
	shows := func(path, want string) bool {
		_, port, err := net.SplitHostPort(pages.address())
		if err != nil {
			t.Fatal(err)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:"+port+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = host
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode == http.StatusOK && strings.Contains(string(body), want)
	}
	eventually(t, "the machine on the floor", func() bool { return shows("/floor", hallAgent(0)) })
	for name, p := range running {
		if code := p.stop(); code != 0 {
			t.Errorf("%s: exit code %d at SIGTERM", name, code)
		}
	}
}

// TestComposeCommands runs what compose.yaml runs, with the secrets that
// scripts/compose-secrets makes.
func TestComposeCommands(t *testing.T) {
	t.Parallel()
	var project struct {
		Services map[string]struct {
			Image       string
			Command     []string
			Environment map[string]*string
			Ports       []any
			Healthcheck any
			Restart     string
			Deploy      struct {
				Resources struct{ Limits map[string]any }
			}
		}
		Secrets map[string]struct{ File string }
	}
	readDeployFile(t, "compose", "compose.yaml", &project)
	_, image := readDockerfile(t)
	folder := t.TempDir()
	secrets := makeComposeSecrets(t, folder)
	database, broker := pgtest.New(t).Database(t), redistest.Start(t).URL()
	if text, err := os.ReadFile(filepath.Join(secrets, "database_url")); err != nil || !strings.Contains(string(text), "@postgres:5432/factorydash") {
		t.Errorf("database_url is %q, %v", text, err)
	}
	if err := os.WriteFile(filepath.Join(secrets, "database_url"), []byte(database), 0o600); err != nil {
		t.Fatal(err)
	}
	h, _ := openHall(t, 1, 10)
	processes := make(map[string]process)
	for name, s := range project.Services {
		if len(s.Deploy.Resources.Limits) != 2 {
			t.Errorf("%s has no limits", name)
		}
		if !strings.HasPrefix(s.Image, "factorydash:") {
			if len(s.Ports) > 0 || s.Healthcheck == nil || s.Restart == "" {
				t.Errorf("%s publishes ports, or has no health check or restart policy", name)
			}
			continue
		}
		p := process{name: name, args: s.Command, env: make(map[string]string)}
		for _, kv := range image.args("ENV") {
			name, value, _ := strings.Cut(kv, "=")
			p.env[name] = value
		}
		for name, value := range s.Environment {
			if value == nil {
				continue
			}
			p.env[name] = strings.NewReplacer("/run/secrets", secrets, "redis://redis:6379/0", broker).Replace(*value)
		}
		p.env["FACTORYDASH_AGENTS"] = hallAgent(0) + "=" + h.urls[0]
		processes[name] = p
	}
	checkDeployment(t, "localhost", processes["migrate"], []process{processes["web"], processes["worker"], processes["scheduler"]})
}

// makeComposeSecrets runs scripts/compose-secrets in another checkout and gives the
// folder of what it made.
func makeComposeSecrets(t *testing.T, folder string) string {
	t.Helper()
	script, err := os.ReadFile(filepath.Join(repository, "scripts", "compose-secrets"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "scripts", "compose-secrets")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, script, 0o755); err != nil {
		t.Fatal(err)
	}
	var before []byte
	for range 2 { // The second time nothing is made anew.
		if out, err := exec.CommandContext(t.Context(), path).CombinedOutput(); err != nil {
			t.Fatalf("compose-secrets: %v: %s", err, out)
		}
		key, err := os.ReadFile(filepath.Join(folder, "var", "secrets", "secret_key"))
		if err != nil || weak(string(key)) || before != nil && !bytes.Equal(before, key) {
			t.Fatalf("secret_key: %v, %d bytes", err, len(key))
		}
		before = key
	}
	return filepath.Join(folder, "var", "secrets")
}

// TestRailwayCommands runs what deploy/railway has Railway run, with the variables of
// variables.env: three services, and one.
func TestRailwayCommands(t *testing.T) {
	t.Parallel()
	_, image := readDockerfile(t)
	h, _ := openHall(t, 1, 10)
	server, broker := pgtest.New(t), redistest.Start(t).URL()
	for _, services := range [][]string{{"web", "worker", "scheduler"}, {"serve"}} {
		t.Run(strings.Join(services, ","), func(t *testing.T) {
			const host = "floor.up.railway.app"
			env := railwayVariables(t, map[string]string{
				"Postgres.DATABASE_URL": server.Database(t), "Redis.REDIS_URL": broker,
				"web.RAILWAY_PUBLIC_DOMAIN": host,
			})
			if key, ok := env["SECRET_KEY"]; !ok || key != "" {
				t.Errorf("variables.env has SECRET_KEY=%q, want that everybody makes one", key)
			}
			env["SECRET_KEY"] = randomKey()
			if len(services) == 1 {
				delete(env, "REDIS_URL") // The small variant has PostgreSQL alone.
			}
			for _, kv := range image.args("ENV") {
				name, value, _ := strings.Cut(kv, "=")
				env[name] = value
			}
			// The platform's word is enough for production, whatever the image says.
			delete(env, "FACTORYDASH_ENV")
			env["RAILWAY_ENVIRONMENT"] = "production"
			env["FACTORYDASH_AGENTS"] = hallAgent(0) + "=" + h.urls[0]
			var migrate process
			var processes []process
			for _, service := range services {
				var config struct {
					Deploy struct {
						PreDeployCommand []string
						StartCommand     string
						HealthcheckPath  string
					}
				}
				text, err := os.ReadFile(filepath.Join(repository, "deploy", "railway", service+".json"))
				if err != nil {
					t.Fatal(err)
				}
				if err := json.Unmarshal(text, &config); err != nil {
					t.Fatalf("%s.json: %v", service, err)
				}
				if config.Deploy.HealthcheckPath != "/readyz" || len(config.Deploy.PreDeployCommand) != 1 {
					t.Errorf("%s.json: %+v", service, config.Deploy)
				}
				own := maps.Clone(env)
				start := exactCommand(t, image, config.Deploy.StartCommand)
				processes = append(processes, process{name: service, args: start, env: own})
				migrate = process{name: "pre-deploy", args: exactCommand(t, image, config.Deploy.PreDeployCommand[0]), env: own}
			}
			checkDeployment(t, host, migrate, processes)
		})
	}
}

// exactCommand takes a command line apart as what starts without a shell does, and
// gives the arguments behind the program, which is the image's.
func exactCommand(t *testing.T, image dockerStage, line string) []string {
	t.Helper()
	words := strings.Fields(line)
	if entrypoint := image.args("ENTRYPOINT"); len(words) == 0 || len(entrypoint) != 1 || words[0] != entrypoint[0] || strings.ContainsAny(line, `$"'\|&;`) {
		t.Fatalf("%q: want the program of the image (%v) with plain arguments: there is no shell in it", line, entrypoint)
	}
	return words[1:]
}

// railwayVariables reads variables.env with its references resolved.
func railwayVariables(t *testing.T, references map[string]string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "deploy", "railway", "variables.env"))
	if err != nil {
		t.Fatal(err)
	}
	resolved := string(text)
	for name, value := range references {
		if !strings.Contains(resolved, "${{"+name+"}}") {
			t.Errorf("variables.env does not refer to %s", name)
		}
		resolved = strings.ReplaceAll(resolved, "${{"+name+"}}", value)
	}
	env := make(map[string]string)
	for line := range strings.Lines(resolved) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if strings.Contains(value, "${{") {
			t.Errorf("variables.env refers to what is not known: %s", line)
		}
		env[name] = value
	}
	return env
}

// unitCommand reads the command and the environment of a systemd unit, for an
// instance of it where it is a template.
func unitCommand(t *testing.T, unit, instance string, environmentFile map[string]string) process {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "deploy", "systemd", unit))
	if err != nil {
		t.Fatal(err)
	}
	p := process{name: instance, env: make(map[string]string)}
	for line := range strings.Lines(strings.ReplaceAll(string(text), "%i", instance)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "ExecStart":
			program, args, _ := strings.Cut(value, " ")
			if program != "/usr/bin/factorydash" {
				t.Fatalf("%s runs %s", unit, program)
			}
			p.args = strings.Fields(args)
		case "Environment":
			for _, kv := range strings.Fields(value) {
				name, value, _ := strings.Cut(kv, "=")
				p.env[name] = value
			}
		}
	}
	maps.Copy(p.env, environmentFile)
	return p
}

// TestSystemdCommands runs what the units run: several processes over PostgreSQL and
// Redis, and one on the embedded store, with what their settings file names.
func TestSystemdCommands(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(repository, "deploy", "systemd", "factorydash.env"))
	if err != nil {
		t.Fatal(err)
	}
	h, _ := openHall(t, 1, 10)
	settings := map[string]string{
		"FACTORYDASH_ENV": "production", "SECRET_KEY": randomKey(), "ALLOWED_HOSTS": "floor.example.com", "TRUSTED_PROXIES": "127.0.0.1",
		"DATA_RETENTION_DAYS": "30", "FACTORYDASH_AGENTS": hallAgent(0) + "=" + h.urls[0],
		"DATABASE_URL": pgtest.New(t).Database(t), "REDIS_URL": redistest.Start(t).URL(),
	}
	for name := range settings {
		if !strings.Contains(string(text), "\n#"+name+"=") {
			t.Errorf("factorydash.env does not tell of %s", name)
		}
	}
	t.Run("processes", func(t *testing.T) {
		var processes []process
		for _, name := range []string{"web", "worker", "scheduler"} {
			processes = append(processes, unitCommand(t, "factorydash@.service", name, settings))
		}
		checkDeployment(t, "floor.example.com", unitCommand(t, "factorydash-migrate.service", "migrate", settings), processes)
	})
	t.Run("one process", func(t *testing.T) {
		data := t.TempDir()
		own := make(map[string]string)
		for name, value := range settings {
			if name != "DATABASE_URL" && name != "REDIS_URL" {
				own[name] = value
			}
		}
		serve := unitCommand(t, "factorydash.service", "serve", own)
		if serve.env["FACTORYDASH_DATA"] != "/var/lib/factorydash" {
			t.Errorf("the store is in %q", serve.env["FACTORYDASH_DATA"])
		}
		serve.env["FACTORYDASH_DATA"] = data
		migrate := serve
		migrate.args = []string{"migrate", "up"}
		checkDeployment(t, "floor.example.com", migrate, []process{serve})

		backups := t.TempDir()
		cmd := exec.CommandContext(t.Context(), "sh", "-c", backupLine(t))
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), asProgram + "=1", "BACKUP_FOLDER=" + backups, "FACTORYDASH_DATA=" + data}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("the command of the backup unit: %v: %s", err, out)
		}
		made, err := filepath.Glob(filepath.Join(backups, "???.backup"))
		if err != nil || len(made) != 1 {
			t.Fatalf("backups: %v, %v", made, err)
		}
		if out, code := output(t, "restore", "--check", made[0]); code != 0 {
			t.Errorf("restore --check: %d, %s", code, out)
		}
	})
}

// backupLine gives the shell's line of the backup unit, with this program in place of
// the installed one.
func backupLine(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "deploy", "systemd", "factorydash-backup.service"))
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(string(text), "ExecStart=/bin/sh -c '")
	line, _, ok := strings.Cut(line, "'\n")
	if !ok {
		t.Fatal("the backup unit has no line for the shell")
	}
	return strings.NewReplacer("/usr/bin/factorydash", os.Args[0], "%%", "%").Replace(line)
}
