package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

const (
	// doctorLogBytes is how much of the end of the log file a report holds.
	doctorLogBytes = 256 << 10
	// doctorAnswerBytes is the most that is taken of an answer of the running
	// process.
	doctorAnswerBytes = 4 << 20
	// doctorTimeout is how long each part of a report may take.
	doctorTimeout = 20 * time.Second
)

// doctorCommand takes every setting that `serve` takes, as `check` does.
type doctorCommand struct {
	checkCommand
	Output string `short:"o" help:"Write the report to this file." default:"-" placeholder:"FILE"`
}

// Run writes what a report of a fault needs as one text: versions, settings, how
// the store, the agents and the running process are, the end of the log. A part that
// cannot be had says why, and the rest is there. Passwords, tokens and keys are left
// out.
func (c *doctorCommand) Run(ctx context.Context, env *environment) error {
	var report bytes.Buffer
	for _, part := range []struct {
		title string
		write func(ctx context.Context, env *environment) error
	}{
		{"version", func(_ context.Context, env *environment) error { return new(versionCommand).Run(env) }},
		{"machine", writeMachine},
		{"settings", c.checkCommand.Run},
		{"variables that are set", writeVariables},
		{"schema", new(migrateStatusCommand).Run},
		{"store", writeSize},
		{"agents", writeAgents},
		{"workers", new(workersCommand).Run},
		{"ledger", new(ledgerCommand).Run},
		{"jobs", (&jobsListCommand{redisFlags: c.redisFlags}).Run},
		{"/readyz of the running process", func(ctx context.Context, env *environment) error { return c.ask(ctx, env, "/readyz") }},
		{"/metrics of the running process", func(ctx context.Context, env *environment) error { return c.ask(ctx, env, "/metrics") }},
		{"end of the log file", writeLog},
	} {
		fmt.Fprintf(&report, "==== %s\n", part.title)
		inner := *env
		inner.stdout, inner.stderr = &report, &report
		limited, cancel := context.WithTimeout(ctx, doctorTimeout)
		err := part.write(limited, &inner)
		cancel()
		if err != nil && !errors.Is(err, errSilent) {
			fmt.Fprintf(&report, "not to be had: %v\n", err)
		}
		fmt.Fprintln(&report)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	clean := c.redact(ctx, env, report.String())
	if c.Output == standardStream {
		_, err := io.WriteString(env.stdout, clean)
		return err
	}
	if err := os.WriteFile(c.Output, []byte(clean), 0o600); err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	fmt.Fprintf(env.stdout, "%s holds no passwords, tokens and keys, but the names of machines, agents and hosts: read it before you send it\n", c.Output)
	return nil
}

func writeMachine(_ context.Context, env *environment) error {
	zone, _ := time.Now().Zone()
	_, err := fmt.Fprintf(env.stdout, "%s/%s, %d CPUs, GOMAXPROCS %d, time %s, zone %s\n",
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.GOMAXPROCS(0), time.Now().UTC().Format(time.RFC3339), zone)
	return err
}

// writeVariables names the variables that are set, without their values.
func writeVariables(_ context.Context, env *environment) error {
	var names []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if slices.ContainsFunc([]string{
			"FACTORYDASH_", "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ALLOWED_HOSTS", "TRUSTED_PROXIES", "PORT",
			"POLL_INTERVAL", "DATA_RETENTION_DAYS", "RAILWAY_", "OTEL_", "GOMAXPROCS", "GOMEMLIMIT", "GOGC", "SSL_CERT_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "TZ",
		}, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	_, err := fmt.Fprintln(env.stdout, strings.Join(names, "\n"))
	return err
}

func writeSize(ctx context.Context, env *environment) error {
	st, err := env.openExistingStore(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	size, err := st.Size(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "%d observations in rows (%d bytes), %d in %d blocks (%d bytes); %d bytes in all, %d of them free\n",
		size.Rows, size.RowBytes, size.Blocked, size.Blocks, size.BlockBytes, size.TotalBytes, size.FreeBytes)
	if size.Oldest != 0 {
		fmt.Fprintf(env.stdout, "oldest block: %s\n", moment(time.UnixMicro(size.Oldest)))
	}
	return nil
}

func writeAgents(ctx context.Context, env *environment) error {
	st, err := env.openExistingStore(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	agents, err := st.Agents(ctx)
	if err != nil {
		return err
	}
	devices, err := st.Devices(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	for _, a := range agents {
		n := 0
		for _, d := range devices {
			if d.Agent == a.ID {
				n++
			}
		}
		fmt.Fprintf(table, "%s\t%s\tadded by command: %v\t%d devices\n", a.Name, a.Redacted(), a.Configured, n)
	}
	return table.Flush()
}

// ask writes what the process that listens on the address answers.
func (c *doctorCommand) ask(ctx context.Context, env *environment, path string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.dialAddress()+path, http.NoBody)
	if err != nil {
		return err
	}
	if rules, err := c.rules(); err == nil && !rules.unnamed {
		request.Host = rules.example()
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	fmt.Fprintln(env.stdout, response.Status)
	_, err = io.Copy(env.stdout, io.LimitReader(response.Body, doctorAnswerBytes))
	return err
}

// writeLog writes the last lines of the log file.
func writeLog(_ context.Context, env *environment) error {
	if env.cli.Log.File == "" {
		_, err := fmt.Fprintln(env.stdout, "none is configured: the log goes to stderr, where the platform keeps it")
		return err
	}
	f, err := os.Open(env.cli.Log.File)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	from := max(0, info.Size()-doctorLogBytes)
	data := make([]byte, info.Size()-from)
	n, err := f.ReadAt(data, from)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	data = data[:n]
	if from > 0 { // Not half a line.
		_, data, _ = bytes.Cut(data, []byte("\n"))
	}
	_, err = env.stdout.Write(data)
	return err
}

// knownAgents gives the agents of the settings and of the store, for their URLs.
func (c *doctorCommand) knownAgents(ctx context.Context, env *environment) []plant.Agent {
	agents, err := c.named()
	if err != nil {
		agents = nil
	}
	if st, err := env.openExistingStore(ctx); err == nil {
		defer st.Close()
		if stored, err := st.Agents(ctx); err == nil {
			agents = append(agents, stored...)
		}
	}
	return agents
}
