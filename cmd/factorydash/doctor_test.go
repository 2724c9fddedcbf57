package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDoctorTellsNoSecret plants a secret in every setting that may hold one, and in
// the log, and finds none of them in the report, which has everything else.
func TestDoctorTellsNoSecret(t *testing.T) {
	folder := t.TempDir()
	planted := 0
	plant := func() string {
		planted++
		return fmt.Sprintf("hunter2-%d-s3cret", planted)
	}
	inFile := func(text string) string {
		path := filepath.Join(folder, fmt.Sprintf("secret-%d", planted))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	data := filepath.Join(folder, "data")
	url := shopURL(t)
	withUser := strings.Replace(url, "http://", "http://u:"+plant()+"@", 1)
	if out, code := output(t, "agent", "add", "--data", data, "hall", withUser); code != 0 {
		t.Fatalf("agent add: %d, %s", code, out)
	}
	p := start(t, "serve", "--data", data, "--listen", "127.0.0.1:0")
	address := p.address()
	p.waitLog("a run of the agent begins")

	log := filepath.Join(folder, "factorydash.log")
	tokenInLog := plant()
	if err := os.WriteFile(log, []byte(`{"msg":"a line of the log","token":"`+tokenInLog+`","url":"`+withUser+`"}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(folder, "config.json")
	if err := os.WriteFile(config, []byte(`{"redis-url": "redis://u:`+plant()+`@127.0.0.1:1/0"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"SECRET_KEY": plant() + randomKey(), "FACTORYDASH_AGENTS": "lab=http://u:" + plant() + "@127.0.0.1:1",
		"FACTORYDASH_AGENT_TOKEN_HALL": tokenInLog, "FACTORYDASH_AGENT_TOKEN_LAB_FILE": inFile(plant()),
		"SECRET_KEY_FILE": inFile(plant()), "REDIS_URL_FILE": inFile("redis://:" + plant() + "@127.0.0.1:1"),
		"PGPASSWORD": plant(), "FACTORYDASH_COPY_TO": "postgres://u:" + plant() + "@h/d", "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer " + plant(),
	} {
		t.Setenv(name, value)
	}
	report, code := output(t, "--config", config, "--log-file", log, "doctor", "--data", data, "--listen", address)
	if code != 0 {
		t.Errorf("doctor: exit code %d", code)
	}
	if i := strings.Index(report, "hunter2"); i >= 0 {
		t.Errorf("a secret is in the report: …%s…", report[max(0, i-200):min(len(report), i+100)])
	}
	for _, want := range []string{
		"factorydash devel", "CPUs", "secret-key", "FACTORYDASH_AGENT_TOKEN_HALL\n", "00001_initial.sql", "observations in rows",
		"127.0.0.1", "hall", "WORKER", "INSTANCE", "200 OK\nready", "factorydash_build_info", "a line of the log", "127.0.0.1:1 ",
	} {
		if !strings.Contains(report, want) {
			t.Errorf("the report has no %q", want)
		}
	}

	// On a database that is away, and its URL is a secret as a whole.
	for _, database := range []string{"postgres://u:" + plant() + "@127.0.0.1:1/plant?sslpassword=" + plant(), "postgres://u:a/" + plant() + "@h/d"} {
		t.Setenv("DATABASE_URL", database)
		file := filepath.Join(folder, "report.txt")
		if out, code := output(t, "doctor", "--data", data, "--listen", "127.0.0.1:1", "-o", file); code != 0 || !strings.Contains(out, "read it before you send it") {
			t.Errorf("doctor: exit code %d: %s", code, out)
		}
		report, err := os.ReadFile(file)
		if err != nil || strings.Contains(string(report), "hunter2") || !strings.Contains(string(report), "not to be had") {
			t.Errorf("%v: %s", err, report)
		}
	}
}
