// Command factorydash reads machine tools through MTConnect agents, keeps every
// observation and shows the shop floor live and back in time.
//
// There is one file per subcommand; `factorydash --help` lists them. What they
// share stands in cli.go (flags and environment), store.go and redis.go (opening
// what is stored and what joins processes), agentflags.go and roster.go (which
// agents are read), node.go (the processes that run for long) and upkeep.go (the
// jobs that they run).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // Time zones where the system has none, as in the image and on Windows.

	"github.com/alecthomas/kong"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/telemetry"
)

// version is set by the linker for releases.
var version string

// Exit codes: scripts rely on them.
const (
	exitOK = 0
	// exitFailed: what was asked for could not be done.
	exitFailed = 1
	// exitUsage: what was asked for is wrong.
	exitUsage = 2
)

// stopTimeout is how long the program may take to end when it is told to: Docker,
// systemd and others kill it after 10 s or more, and then its log would not say why.
const stopTimeout = 9500 * time.Millisecond

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() {
		stop() // A second signal ends the program at once.
		time.AfterFunc(stopTimeout, func() {
			fmt.Fprintf(os.Stderr, "factorydash: not ended within %s: what is committed is safe, the rest is read again\n", stopTimeout)
			os.Exit(exitFailed)
		})
	})
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program without the process: it parses the arguments, runs the
// subcommand until it is done or ctx ends, and gives the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var cli CLI
	exit := -1
	parser, err := kong.New(&cli,
		kong.Name("factorydash"),
		kong.Description("Reads machine tools through MTConnect agents, keeps every observation and shows the shop floor live and back in time."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Configuration(configFile),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exit = code }),
	)
	if err != nil {
		fmt.Fprintln(stderr, "factorydash:", err)
		return exitFailed
	}
	command, err := parser.Parse(args)
	if exit >= 0 { // --help printed what there is to say.
		return exit
	}
	if err != nil {
		fmt.Fprintln(stderr, "factorydash:", err)
		fmt.Fprintln(stderr, "Run 'factorydash --help' for what there is.")
		return exitUsage
	}

	log, closer, err := cli.Log.open(stderr)
	if err != nil {
		fmt.Fprintln(stderr, "factorydash:", err)
		return exitUsage
	}
	defer closer.Close()
	// The HTTP client of the standard library writes to the standard log, and
	// what it writes holds what agents send: it goes where all else goes, and
	// only for those who look for it.
	slog.SetLogLoggerLevel(slog.LevelDebug)
	slog.SetDefault(log)

	env := &environment{
		stdout: stdout,
		stderr: stderr,
		log:    log,
		build:  telemetry.ReadBuild(version),
		cli:    &cli,
	}
	command.BindTo(ctx, (*context.Context)(nil))
	err = command.Run(env)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errSilent):
		return exitFailed
	default:
		fmt.Fprintln(stderr, "factorydash:", err)
		if plant.ErrorCode(err) == plant.Invalid {
			return exitUsage
		}
		return exitFailed
	}
}

// errSilent makes the exit code tell of a failure that has been printed already.
var errSilent = errors.New("failed")
