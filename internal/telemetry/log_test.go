package telemetry_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/telemetry"
)

// TestLogKeepsHostileValuesOnOneLine logs what an agent could send to forge a
// log line, in both formats.
func TestLogKeepsHostileValuesOnOneLine(t *testing.T) {
	hostile := "x\nlevel=ERROR msg=\"forged\" \x1b[31m"
	for _, format := range []string{"text", "json"} {
		var out bytes.Buffer
		log, closer, err := telemetry.NewLog(telemetry.LogOptions{Format: format, Stderr: &out})
		if err != nil {
			t.Fatal(err)
		}
		defer closer.Close()
		log.Info("seen", "sender", hostile)
		line := strings.TrimSuffix(out.String(), "\n")
		if strings.ContainsAny(line, "\n\x1b") {
			t.Errorf("%s: a value broke out of its line: %q", format, line)
		}
		if format == "json" {
			var got map[string]any
			if err := json.Unmarshal([]byte(line), &got); err != nil || got["sender"] != hostile {
				t.Errorf("json: got %v, %v", got, err)
			}
		}
	}
}

func TestLogAutoIsJSONInAPipe(t *testing.T) {
	var out bytes.Buffer
	log, closer, err := telemetry.NewLog(telemetry.LogOptions{Format: "auto", Stderr: &out, Level: slog.LevelWarn})
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	log.Info("too low")
	log.Warn("kept", "retry", 1500*time.Millisecond)
	if !strings.Contains(out.String(), `"retry":"1.5s"`) {
		t.Errorf("a duration has no unit: %s", out.String())
	}
	if got := strings.Count(out.String(), "\n"); got != 1 || !json.Valid(out.Bytes()) {
		t.Errorf("want one line of JSON, got %q", out.String())
	}
}

func TestLogFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "logs", "factorydash.log")
	log, closer, err := telemetry.NewLog(telemetry.LogOptions{Format: "json", File: path})
	if err != nil {
		t.Fatal(err)
	}
	log.Info("hello")
	if err := closer.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(data), "hello") {
		t.Errorf("log file holds %q, %v", data, err)
	}

	if _, _, err := telemetry.NewLog(telemetry.LogOptions{File: t.TempDir()}); err == nil {
		t.Error("a folder was taken as a log file")
	}
}
