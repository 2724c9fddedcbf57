package main

import (
	"io"
	"log/slog"

	"github.com/alecthomas/kong"

	"github.com/factorydash/factorydash/internal/telemetry"
)

// CLI is every setting of the program. A flag wins over the environment, the
// environment over the configuration file, and that over the default.
type CLI struct {
	Config kong.ConfigFlag `help:"Read settings from this JSON file; its keys are the flags' names." placeholder:"FILE" env:"FACTORYDASH_CONFIG"`
	storeFlags
	Log logFlags `embed:"" prefix:"log-"`

	Serve       serveCommand       `cmd:"" help:"Read agents, store what they say and show it: everything in one process."`
	Web         webCommand         `cmd:"" help:"Show the pages and the API of what workers capture; needs PostgreSQL and Redis."`
	Worker      workerCommand      `cmd:"" help:"Capture a part of the agents, shared with other workers, and run jobs; needs PostgreSQL and Redis."`
	Scheduler   schedulerCommand   `cmd:"" help:"Have the periodic jobs run; of several, one leads. Needs PostgreSQL and Redis."`
	Loaddata    loaddataCommand    `cmd:"" help:"Fetch what the agents have now, store it, print a summary and exit."`
	Import      importCommand      `cmd:"" help:"Store recorded MTConnectStreams documents or SHDR files; run it again to go on after an error."`
	Ledger      ledgerCommand      `cmd:"" help:"Print what is stored of each agent's sequence, and the gaps with their reasons."`
	Export      exportCommand      `cmd:"" help:"Write every stored observation in order of agent, instance and sequence."`
	Agent       agentCommand       `cmd:"" help:"Add, list and remove the agents that every process on this store reads."`
	Simulate    simulateCommand    `cmd:"" help:"Serve a simulated shop as MTConnect agents."`
	Replay      replayCommand      `cmd:"" help:"Serve recorded MTConnectStreams documents as an MTConnect agent."`
	Jobs        jobsCommand        `cmd:"" help:"List, run and retry the jobs that workers share over Redis."`
	Workers     workersCommand     `cmd:"" help:"List the workers with the agents that each captures."`
	Cleanup     cleanupCommand     `cmd:"" help:"Delete what is older than the retention, and say what that freed."`
	Migrate     migrateCommand     `cmd:"" help:"Bring the schema of the store up to date, or list its migrations."`
	Copy        copyCommand        `cmd:"" help:"Copy one store into another, such as the embedded one into PostgreSQL; run it again to go on."`
	Backup      backupCommand      `cmd:"" help:"Write everything that is stored into one file, while capture goes on."`
	Restore     restoreCommand     `cmd:"" help:"Restore a backup into an empty store, of either kind."`
	Rebuild     rebuildCommand     `cmd:"" help:"Derive the machines' states anew from the stored observations."`
	VerifyStore verifyStoreCommand `cmd:"" help:"Read everything that is stored and say what is wrong with it."`
	Check       checkCommand       `cmd:"" help:"Print the settings in force and what is wrong with them."`
	Doctor      doctorCommand      `cmd:"" help:"Write what a report of a fault needs, without secrets: versions, settings, store, agents, ledger, metrics, log."`
	Healthcheck healthcheckCommand `cmd:"" help:"Ask a running factorydash whether it is ready; the exit code tells."`
	Version     versionCommand     `cmd:"" help:"Print the version."`
}

// environment is what a subcommand runs in.
type environment struct {
	stdout, stderr io.Writer
	log            *slog.Logger
	build          telemetry.Build
	cli            *CLI
}

// logFlags chooses the log.
type logFlags struct {
	Level  slog.Level `help:"Least level that is logged: debug, info, warn or error." default:"info" env:"FACTORYDASH_LOG_LEVEL"`
	Format string     `help:"text, json, or auto: text on a terminal and JSON otherwise." enum:"auto,text,json" default:"auto" env:"FACTORYDASH_LOG_FORMAT"`
	File   string     `help:"Log to this file, which is rotated, and not to stderr." placeholder:"FILE" env:"FACTORYDASH_LOG_FILE"`
}

func (f logFlags) open(stderr io.Writer) (*slog.Logger, io.Closer, error) {
	return telemetry.NewLog(telemetry.LogOptions{Level: f.Level, Format: f.Format, File: f.File, Stderr: stderr})
}
