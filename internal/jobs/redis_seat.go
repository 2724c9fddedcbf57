package jobs

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// The answers of the script hold beside 0, where another process leads.
const (
	thisLeads = 1
	// dataLost: nobody leads, and Redis has lost its data.
	dataLost = 2
)

// The scripts of the lead. All of them are given the holder, so that a process
// that has lost the lead changes nothing.
type seatScripts struct{ hold, leave, note *redis.Script }

func newSeatScripts() seatScripts {
	return seatScripts{
		// KEYS: leader, term. ARGV: holder, TTL in ms, name, now in ms, the
		// newest term that the holder has seen, and whether it takes the lead
		// though Redis does not know of that term.
		// Gives whether the holder leads, and the newest term.
		hold: redis.NewScript(`
local term = tonumber(redis.call("GET", KEYS[2]) or 0)
local holder = redis.call("HGET", KEYS[1], "holder")
if holder and holder ~= ARGV[1] then
	return {0, term}
end
if not holder then
	local seen = tonumber(ARGV[5])
	if term < seen and ARGV[6] == "0" then
		return {2, seen}
	end
	term = math.max(term, seen) + 1
	redis.call("SET", KEYS[2], term)
	redis.call("HSET", KEYS[1], "holder", ARGV[1], "name", ARGV[3], "since", ARGV[4], "term", term)
end
redis.call("PEXPIRE", KEYS[1], ARGV[2])
return {1, term}`),
		// KEYS: leader. ARGV: holder.
		leave: redis.NewScript(`
if redis.call("HGET", KEYS[1], "holder") == ARGV[1] then
	redis.call("DEL", KEYS[1])
end
return 0`),
		// KEYS: leader, enqueued. ARGV: holder, term, job, start in s.
		// Gives 0 where the holder does not lead, in that term.
		note: redis.NewScript(`
local holder, term = unpack(redis.call("HMGET", KEYS[1], "holder", "term"))
if holder ~= ARGV[1] or term ~= ARGV[2] then
	return 0
end
redis.call("HSET", KEYS[2], ARGV[3], ARGV[4])
return 1`),
	}
}

// redisSeat is the place of a scheduler among those on the same Redis. The lead
// is a key that runs out, and a term, which fences off those that led before.
//
// Where Redis has lost its data, the one that led should lead on, as it knows best
// what it has enqueued: the others let one of their turns pass.
type redisSeat struct {
	q       *Redis
	scripts seatScripts
	// holder tells this scheduler from all others, those of the same name too.
	holder string
	// term is the newest one that was seen: that of this process, if it leads.
	term int64
	// until is when the lead of this process runs out.
	until time.Time
	// waited is whether the last turn was let pass.
	waited bool
}

func newRedisSeat(q *Redis) *redisSeat {
	return &redisSeat{q: q, scripts: newSeatScripts(), holder: rand.Text()}
}

// hold counts the time of the lead from before it asks, so that it is over here
// before it is over in Redis.
func (s *redisSeat) hold(ctx context.Context) (time.Time, error) {
	o := &s.q.opts
	asked := o.Now()
	ctx, cancel := context.WithTimeout(ctx, o.LeaderTTL)
	defer cancel()
	insists := s.waited || asked.Before(s.until)
	answer, err := s.scripts.hold.Run(ctx, s.q.client, []string{s.q.keys.leader, s.q.keys.term},
		s.holder, o.LeaderTTL.Milliseconds(), o.Name, asked.UnixMilli(), s.term, insists).Int64Slice()
	if err != nil {
		return time.Time{}, fmt.Errorf("take the lead: %w", err)
	}
	if len(answer) != 2 {
		return time.Time{}, fmt.Errorf("take the lead: Redis answers %v", answer)
	}
	s.until, s.waited, s.term = time.Time{}, answer[0] == dataLost, answer[1]
	if answer[0] == thisLeads {
		s.until = asked.Add(o.LeaderTTL)
	}
	return s.until, nil
}

func (s *redisSeat) leave(ctx context.Context) error {
	err := s.scripts.leave.Run(ctx, s.q.client, []string{s.q.keys.leader}, s.holder).Err()
	if err != nil {
		return fmt.Errorf("give up the lead: %w", err)
	}
	return nil
}

func (s *redisSeat) latest(ctx context.Context) (map[string]time.Time, error) {
	starts, err := s.q.client.HGetAll(ctx, s.q.keys.enqueued).Result()
	if err != nil {
		return nil, fmt.Errorf("read what is enqueued: %w", err)
	}
	return parseStarts(starts), nil
}

func (s *redisSeat) note(ctx context.Context, job string, start time.Time) error {
	noted, err := s.scripts.note.Run(ctx, s.q.client, []string{s.q.keys.leader, s.q.keys.enqueued},
		s.holder, s.term, job, start.Unix()).Int()
	if err != nil {
		return fmt.Errorf("note what is enqueued: %w", err)
	}
	if noted == 0 {
		return errDeposed
	}
	return nil
}

// parseStarts reads the starts of periods, by job. What is no number is left out.
func parseStarts(fields map[string]string) map[string]time.Time {
	starts := make(map[string]time.Time, len(fields))
	for job, text := range fields {
		if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
			starts[job] = time.Unix(seconds, 0).UTC()
		}
	}
	return starts
}
