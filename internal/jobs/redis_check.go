package jobs

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/factorydash/factorydash/internal/plant"
)

// leastRedis is the oldest major version of Redis that the scripts run on.
const leastRedis = 6

// ErrUnchecked says that a Redis does not tell whether it is fit. It may be: a
// warning is right.
var ErrUnchecked = errors.New("Redis does not tell its version and its maxmemory-policy: " +
	"it must be 6.0 or later, and the policy must be noeviction")

// CheckRedis reports whether a Redis is fit for a queue: version 6 or later, as
// Valkey is, writable, no cluster, and with the maxmemory-policy noeviction, as
// another one drops tasks when memory runs out. The error has the code Invalid
// where it is not, which no later attempt will change, and Unavailable where it
// cannot be reached. It is ErrUnchecked where Redis does not tell, as some managed
// ones do.
func CheckRedis(ctx context.Context, client redis.UniversalClient) error {
	if err := client.Ping(ctx).Err(); err != nil {
		if redis.HasErrorPrefix(err, "WRONGPASS") || redis.HasErrorPrefix(err, "NOAUTH") {
			return plant.Errorf(plant.Invalid, "Redis refuses the user or the password of its URL")
		}
		return errAway(err)
	}
	text, err := client.Info(ctx).Result()
	if err != nil && !isReply(err) {
		return errAway(err)
	}
	info := parseInfo(text)
	if info[infoPolicy] == "" {
		if info[infoPolicy], err = configured(ctx, client, "maxmemory-policy"); err != nil {
			return err
		}
	}
	return checkInfo(info)
}

// The fields of INFO that tell the version and the policy.
const (
	infoVersion = "redis_version"
	infoPolicy  = "maxmemory_policy"
)

// checkInfo reports whether a Redis that tells this of itself is fit.
func checkInfo(info map[string]string) error {
	major, told := majorVersion(info[infoVersion])
	switch {
	case told && major < leastRedis:
		return plant.Errorf(plant.Invalid, "Redis %s is too old: 6.0 or later is needed", info[infoVersion])
	case info["cluster_enabled"] == "1":
		return plant.Errorf(plant.Invalid, "Redis Cluster is not supported: a single Redis, or one behind Sentinel, is needed")
	case info["role"] == "slave":
		return plant.Errorf(plant.Invalid, "this Redis is a replica, which cannot be written to: give the address of its master or of the Sentinels")
	case info[infoPolicy] != "" && info[infoPolicy] != "noeviction":
		return plant.Errorf(plant.Invalid, "Redis has the maxmemory-policy %s, by which it drops keys when memory runs out, tasks among them: set it to noeviction", info[infoPolicy])
	case !told || info[infoPolicy] == "":
		return ErrUnchecked
	}
	return nil
}

// configured asks for a setting. It is empty where Redis does not tell.
func configured(ctx context.Context, client redis.UniversalClient, name string) (string, error) {
	values, err := client.ConfigGet(ctx, name).Result()
	switch {
	case err == nil:
		return values[name], nil
	case isReply(err):
		return "", nil
	default:
		return "", errAway(err)
	}
}

// parseInfo reads the answer to INFO.
func parseInfo(text string) map[string]string {
	info := make(map[string]string)
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			info[name] = value
		}
	}
	return info
}

func majorVersion(version string) (int, bool) {
	major, _, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(major)
	return n, err == nil
}

// isReply reports whether an error is an answer of Redis, and not the lack of
// one.
func isReply(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply)
}

// errAway says that Redis cannot be used now.
func errAway(err error) error {
	return &plant.Error{Code: plant.Unavailable, Msg: "Redis cannot be reached", Err: err}
}
