package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/factorydash/factorydash/internal/store/postgres/pgtest"
)

// checked gives what `check` says, by setting.
func checked(t *testing.T, wantCode int, args ...string) map[string]string {
	t.Helper()
	out, code := output(t, append([]string{"check", "--listen", "127.0.0.1:0"}, args...)...)
	if code != wantCode {
		t.Errorf("check: exit code %d, want %d: %s", code, wantCode, out)
	}
	if strings.Contains(out, "hunter2") {
		t.Errorf("check shows a password: %s", out)
	}
	rows := make(map[string]string)
	for line := range strings.Lines(out) {
		name, rest, _ := strings.Cut(line, " ")
		rows[name] = strings.TrimSpace(rest)
	}
	return rows
}

// Every flag of serve stands in the table of check.
func TestCheckShowsEverySetting(t *testing.T) {
	rows := checked(t, 0, "--data", filepath.Join(t.TempDir(), "data"))
	var cli CLI
	parser, err := kong.New(&cli)
	if err != nil {
		t.Fatal(err)
	}
	err = kong.Visit(parser.Model, func(node kong.Visitable, next kong.Next) error {
		switch n := node.(type) {
		case *kong.Node:
			if n.Type == kong.CommandNode && n.Name != "serve" {
				return nil
			}
		case *kong.Flag:
			// "agent" has a row for each.
			if _, ok := rows[n.Name]; !ok && n.Name != "help" && n.Name != "agent" {
				t.Errorf("check does not show --%s", n.Name)
			}
		}
		return next(nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	if rows["agent"] == "" {
		t.Error("check does not show the agent that is read")
	}
	if reflect.TypeFor[checkCommand]().NumField() != 1 {
		t.Error("check takes other settings than serve")
	}
}

// What cannot be reached is told, without a password.
func TestCheckTellsWhatIsAway(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://u:hunter2@127.0.0.1:1/plant?sslpassword=hunter2")
	t.Setenv("REDIS_URL", "redis://u:hunter2@127.0.0.1:1/3")
	rows := checked(t, 1)
	if got := rows["database-url"]; !strings.HasPrefix(got, "postgres://127.0.0.1:1/plant ") || !strings.Contains(got, "cannot be reached") {
		t.Errorf("database: %q", got)
	}
	if got := rows["redis-url"]; !strings.HasPrefix(got, "redis://127.0.0.1:1/3 ") || !strings.Contains(got, "cannot be reached") {
		t.Errorf("Redis: %q", got)
	}
}

// An empty database is told of, and left as it is.
func TestCheckLeavesTheSchema(t *testing.T) {
	t.Setenv("DATABASE_URL", pgtest.New(t).Database(t))
	for range 2 {
		if got := checked(t, 0)["database-url"]; !strings.Contains(got, "the schema is behind") || !strings.HasSuffix(got, "ok") {
			t.Errorf("an empty database: %q", got)
		}
	}
	if out, code := output(t, "migrate", "up"); code != 0 {
		t.Fatalf("migrate up: exit code %d: %s", code, out)
	}
	if got := checked(t, 0)["database-url"]; strings.Contains(got, "behind") || !strings.HasSuffix(got, "ok") {
		t.Errorf("with the schema: %q", got)
	}
}

func TestPlaceHasNoSecret(t *testing.T) {
	for url, want := range map[string]string{
		"postgres://u:hunter2@h:5432/plant?password=hunter2": "postgres://h:5432/plant",
		"rediss://:hunter2@h/0":                              "rediss://h/0",
		"unix:///run/redis.sock?db=1":                        "unix:///run/redis.sock",
		"redis-sentinel://u:hunter2@a,b/master":              "redis-sentinel://a,b/master",
		"redis://u:12#hunter2@h/0":                           "set",
		"redis://u:12/hunter2@h/0":                           "set",
		"redis://u:12?hunter2@h/0":                           "set",
		"redis://u:hunter2/x@h/0":                            "set",
		"redis://u:hunter2 @h/0":                             "set",
	} {
		if got := place(url); got != want {
			t.Errorf("%s is shown as %q, want %q", url, got, want)
		}
	}
}

func TestSecrets(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := func(value string, ok bool) {
		t.Helper()
		got, err := secret("FACTORYDASH_TEST_SECRET")
		if got != value || (err == nil) != ok || !ok && !strings.Contains(err.Error(), "FACTORYDASH_TEST_SECRET_FILE") {
			t.Errorf("secret is %q, %v; want %q", got, err, value)
		}
	}
	want("", true)
	write("from-file\n")
	t.Setenv("FACTORYDASH_TEST_SECRET_FILE", file)
	t.Setenv("FACTORYDASH_TEST_SECRET", "") // as compose files leave what is not set
	want("from-file", true)
	t.Setenv("FACTORYDASH_TEST_SECRET", "from-environment")
	want("from-environment", true)
	t.Setenv("FACTORYDASH_TEST_SECRET", "")
	write("\n")
	want("", false)
}
