package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// imageBytes is the most that the image may have as registries keep it, compressed.
const imageBytes = 30 << 20

// TestImage does what `docker build` does with the Dockerfile, without Docker: what
// .dockerignore lets through is copied into a clean folder, the commands of the build
// stage run there, what the last stage copies is put into an empty folder, and that
// becomes the root of the process: read-only, as the image's user, with the image's
// environment. It serves the floor page, and its health check agrees.
func TestImage(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles everything")
	}
	t.Parallel()
	build, image := readDockerfile(t)
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	source, out, root := filepath.Join(folder, "src"), filepath.Join(folder, "out"), filepath.Join(folder, "root")
	copyContext(t, source)
	for _, i := range build.Instructions {
		if i.Name != "RUN" || slices.Contains(i.Args, "go mod download") {
			continue
		}
		cmd := exec.CommandContext(t.Context(), "sh", "-c", strings.ReplaceAll(strings.Join(i.Args, " "), "/out", out))
		cmd.Dir = source
		cmd.Env = append(os.Environ(), "TARGETOS=linux", "TARGETARCH="+goEnv(t, "GOARCH"), "VERSION=v0.0.0-image")
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", i.Text, err, text)
		}
	}
	size := int64(0)
	for _, i := range image.Instructions {
		if i.Name != "COPY" {
			continue
		}
		from, to := strings.Replace(i.Args[0], "/out", out, 1), filepath.Join(root, i.Args[1])
		size += copyTree(t, from, to)
	}
	packed := packedBytes(t, root)
	t.Logf("the image has %.1f MB, %.1f MB compressed", float64(size)/1e6, float64(packed)/1e6)
	if size == 0 || packed > imageBytes {
		t.Errorf("the image has %d bytes compressed, want at most %d", packed, imageBytes)
	}

	user, _, _ := strings.Cut(image.args("USER")[0], ":")
	if id, err := strconv.Atoi(user); err != nil || id < 1000 {
		t.Errorf("the image runs as %q, want the number of an ordinary user", user)
	}
	port := process{env: map[string]string{}}.withPort(t).env["PORT"]
	env := append(image.args("ENV"), "SECRET_KEY="+randomKey(), "ALLOWED_HOSTS=floor.example.com", "PORT="+port, "FACTORYDASH_SIMULATE=true", "TZ=Europe/Vienna")
	jail := newJail(t, root, image.args("USER")[0])
	p := launch(t, jail.command(env, append(image.args("ENTRYPOINT"), image.args("CMD")...)...))
	p.waitLog("page is up")
	eventually(t, "the machines on the floor", func() bool {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:"+port+"/floor", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = "floor.example.com"
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		return err == nil && response.StatusCode == http.StatusOK && bytes.Contains(body, []byte(`href="/m/`)) && bytes.Contains(body, []byte("Europe/Vienna"))
	})
	health := jail.command(env, healthCommand(t, image)...)
	if text, err := health.CombinedOutput(); err != nil || string(text) != "ready\n" {
		t.Errorf("the health check of the image: %v: %s", err, text)
	}
	version, err := jail.command(env, append(image.args("ENTRYPOINT"), "version")...).CombinedOutput()
	if err != nil || !strings.Contains(string(version), "v0.0.0-image") {
		t.Errorf("version: %v: %s", err, version)
	}
	jail.terminate(p)
}

// packedBytes gives how many bytes a folder has as a compressed layer.
func packedBytes(t *testing.T, root string) int64 {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "sh", "-c", "tar -C "+root+" -cf - . | gzip | wc -c").Output()
	if err != nil {
		t.Fatal(err)
	}
	size, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return size
}

// healthCommand gives the command of the image's health check.
func healthCommand(t *testing.T, image dockerStage) []string {
	t.Helper()
	args := image.args("HEALTHCHECK")
	if len(args) < 2 || args[0] != "CMD" {
		t.Fatalf("the health check is %v, want one without a shell", args)
	}
	return args[1:]
}

// copyContext copies what .dockerignore lets into the build to a folder, out of what
// is in the checkout.
func copyContext(t *testing.T, to string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	var excluded []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if wanted, ok := strings.CutPrefix(line, "!"); ok {
			copyTree(t, filepath.Join(repository, wanted), filepath.Join(to, wanted))
		} else if rest, ok := strings.CutPrefix(line, "**/"); ok {
			excluded = append(excluded, rest)
		}
	}
	err = filepath.WalkDir(to, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		for _, pattern := range excluded {
			if matches, err := filepath.Match(pattern, entry.Name()); err != nil || matches {
				if entry.IsDir() {
					return cmp.Or(err, os.RemoveAll(path), filepath.SkipDir)
				}
				return cmp.Or(err, os.Remove(path))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// copyTree copies a file or a folder and gives its bytes.
func copyTree(t *testing.T, from, to string) (size int64) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "cp", "-rL", from, to).CombinedOutput(); err != nil {
		t.Fatalf("copy %s: %v: %s", from, err, out)
	}
	err := filepath.Walk(to, func(_ string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return size
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// jail runs programs with a folder as their root, as another user, as a container
// does.
type jail struct {
	t          *testing.T
	root, user string
	sudo       []string
	readOnly   bool
}

// newJail makes a folder the root of what is run in it, owned by root but for /data
// and /tmp. It needs root or sudo.
func newJail(t *testing.T, root, user string) *jail {
	t.Helper()
	j := &jail{t: t, root: root, user: user}
	if os.Geteuid() != 0 {
		j.sudo = []string{"sudo", "-n"}
	}
	if out, err := j.asRoot("true").CombinedOutput(); err != nil {
		if os.Getenv("FACTORYDASH_TEST_REQUIRE") == "1" {
			t.Fatalf("this test runs as root, or with sudo that asks for no password: %v: %s", err, out)
		}
		t.Skip("this test runs as root, or with sudo that asks for no password")
	}
	t.Cleanup(func() { // The test's folder is removed by its own user.
		if out, err := j.asRoot("chown", "-R", fmt.Sprint(os.Getuid()), root).CombinedOutput(); err != nil {
			t.Logf("%v: %s", err, out)
		}
	})
	script := fmt.Sprintf("chown -R 0:0 %[1]s && chmod -R a+rX,go-w %[1]s && chown -R %[2]s %[1]s/data %[1]s/tmp", root, user)
	if out, err := j.asRoot("sh", "-c", script).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	// A mount of its own makes the root read-only for everybody. Where that is not
	// allowed, as within some containers, the owner of the files does it for the user.
	out, err := j.asRoot("unshare", "-m", "sh", "-c", j.mounts()).CombinedOutput()
	if j.readOnly = err == nil; !j.readOnly {
		t.Logf("the root is read-only by its owner and modes alone: mounts are not allowed here (%v: %s)", err, out)
	}
	return j
}

// mounts is a script that makes the root read-only, but for /data.
func (j *jail) mounts() string {
	return fmt.Sprintf("mount --bind %[1]s %[1]s && mount --bind %[1]s/data %[1]s/data && mount -o remount,bind,ro %[1]s && ! touch %[1]s/x 2>/dev/null", j.root)
}

func (j *jail) asRoot(args ...string) *exec.Cmd {
	args = append(slices.Clone(j.sudo), args...)
	return exec.CommandContext(context.WithoutCancel(j.t.Context()), args[0], args[1:]...)
}

// command makes a command that runs within the jail with an environment, and nothing
// else of this process.
func (j *jail) command(env []string, args ...string) *exec.Cmd {
	script := fmt.Sprintf("exec /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin %s chroot --userspec=%s --groups= %s %s", quoteAll(env), j.user, j.root, quoteAll(args))
	if j.readOnly {
		return j.asRoot("unshare", "-m", "sh", "-c", j.mounts()+" && "+script)
	}
	return j.asRoot("sh", "-c", script)
}

func quoteAll(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = "'" + w + "'"
	}
	return strings.Join(quoted, " ")
}

// terminate ends a program of the jail as `docker stop` does, and wants it to end well.
func (j *jail) terminate(p *program) {
	j.t.Helper()
	if out, err := j.asRoot("kill", "-TERM", fmt.Sprint(p.cmd.Process.Pid)).CombinedOutput(); err != nil {
		j.t.Errorf("%v: %s", err, out)
		return
	}
	select {
	case <-p.ended:
		if code := p.cmd.ProcessState.ExitCode(); code != 0 {
			j.t.Errorf("exit code %d at SIGTERM", code)
		}
	case <-time.After(stopWithin):
		j.t.Errorf("not ended within %v of SIGTERM", stopWithin)
	}
}
