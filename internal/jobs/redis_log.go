package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/redis/go-redis/v9"
)

// serverLog takes what the server of asynq logs. Most of it is of interest to
// those who work on it; what it says of a Redis that is away, link says better.
type serverLog struct {
	log  *slog.Logger
	link *link
}

// Debug takes details.
func (l serverLog) Debug(args ...any) { l.say(slog.LevelDebug, args) }

// Info takes what the server is about to do.
func (l serverLog) Info(args ...any) { l.say(slog.LevelDebug, args) }

// Warn takes what becomes of tasks, which the runner logs itself.
func (l serverLog) Warn(args ...any) { l.say(slog.LevelDebug, args) }

// Error takes faults. That it hears of no cancellation is as it should be, see
// workerClient.
func (l serverLog) Error(args ...any) {
	if !l.link.usable() || strings.Contains(fmt.Sprint(args...), redis.ErrClosed.Error()) {
		l.say(slog.LevelDebug, args)
		return
	}
	l.say(slog.LevelWarn, args)
}

// Fatal takes what asynq would end the program for; it has no such case.
func (l serverLog) Fatal(args ...any) { l.say(slog.LevelError, args) }

func (l serverLog) say(level slog.Level, args []any) {
	l.log.Log(context.Background(), level, "asynq", "says", fmt.Sprint(args...))
}
