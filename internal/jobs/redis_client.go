package jobs

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/factorydash/factorydash/internal/plant"
)

// The time that Redis has to answer. A worker that cannot reach Redis must notice
// well before the lead or a lease runs out.
const (
	redisDialTimeout = 2 * time.Second
	redisTimeout     = 2 * time.Second
	// redisRetries is how often a command is tried again.
	redisRetries = 1
)

const (
	redisPort    = "6379"
	sentinelPort = "26379"
	// redisURLForm is what a URL looks like. Errors say this and not what is
	// wrong in detail, as any part of a URL that is not understood may be a
	// password.
	redisURLForm = "redis://[user:password@]host[:port][/db], rediss:// for TLS, unix:///path, " +
		"or redis-sentinel://[user:password@]host[:port],…/master[?db=n]; " +
		"a password with one of @ : / # ? % has it as %40 %3A %2F %23 %3F %25"
)

// OpenRedis makes a client of the Redis that a URL names. It makes no contact;
// the first command does, and the client connects again by itself. These forms
// are known; a port that is left out is the usual one:
//
//	redis://user:password@host:6379/0
//	rediss://user:password@host:6379/0
//	unix:///path/of/socket?db=0
//	redis-sentinel://user:password@host1:26379,host2:26379/master?db=0
//	rediss-sentinel://user:password@host1,host2/master
//
// With rediss and rediss-sentinel the connections are TLS, checked against the
// authorities of the system, or those in the files that SSL_CERT_FILE and
// SSL_CERT_DIR name. The user and the password of the Sentinel forms are those of
// Redis; what the Sentinels themselves ask for stands in the parameters
// sentinel_username and sentinel_password. The parameters of the other forms are
// those of go-redis, such as read_timeout=3s.
//
// What the client library logs goes to log at the level Debug; there is one such
// log in a process, so the last client decides. No error tells anything of the
// URL.
func OpenRedis(rawURL string, log *slog.Logger) (*redis.Client, error) {
	redis.SetLogger(libraryLog{log})
	if failover, ok, err := sentinelOptions(rawURL); err != nil {
		return nil, err
	} else if ok {
		return redis.NewFailoverClient(failover), nil
	}
	opts, err := redis.ParseURL(rawURL)
	if err != nil {
		return nil, errRedisURL()
	}
	if opts.DialTimeout == 0 {
		opts.DialTimeout = redisDialTimeout
	}
	if opts.ReadTimeout == 0 {
		opts.ReadTimeout = redisTimeout
	}
	if opts.MaxRetries == 0 {
		opts.MaxRetries = redisRetries
	}
	opts.DialerRetries = 1
	opts.ContextTimeoutEnabled = true
	opts.DisableIdentity = true
	// Redis and Valkey do not know the command that turns these on.
	opts.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redis.NewClient(opts), nil
}

// sentinelOptions reads a URL of the Sentinel forms, and reports whether it is
// one. net/url does not know lists of hosts.
func sentinelOptions(rawURL string) (_ *redis.FailoverOptions, ok bool, err error) {
	scheme, rest, _ := strings.Cut(rawURL, "://")
	if scheme != "redis-sentinel" && scheme != "rediss-sentinel" {
		return nil, false, nil
	}
	rest, query, _ := strings.Cut(rest, "?")
	authority, master, _ := strings.Cut(rest, "/")
	opts := &redis.FailoverOptions{
		MasterName:  master,
		DialTimeout: redisDialTimeout, ReadTimeout: redisTimeout, MaxRetries: redisRetries, DialerRetries: 1,
		ContextTimeoutEnabled: true, DisableIdentity: true,
	}
	hosts := authority
	if at := strings.LastIndex(authority, "@"); at >= 0 {
		// With a host that is surely one, only the user information can be wrong.
		u, err := url.Parse("redis://" + authority[:at] + "@host")
		if err != nil {
			return nil, true, errRedisURL()
		}
		opts.Username = u.User.Username()
		opts.Password, _ = u.User.Password()
		hosts = authority[at+1:]
	}
	for host := range strings.SplitSeq(hosts, ",") {
		u, err := url.Parse("redis://" + host)
		if err != nil || u.Hostname() == "" {
			return nil, true, errRedisURL()
		}
		port := u.Port()
		if port == "" {
			port = sentinelPort
		}
		opts.SentinelAddrs = append(opts.SentinelAddrs, net.JoinHostPort(u.Hostname(), port))
	}
	values, err := url.ParseQuery(query)
	if err != nil || master == "" || strings.Contains(master, "/") {
		return nil, true, errRedisURL()
	}
	for name := range values {
		value := values.Get(name)
		switch name {
		case "db":
			if opts.DB, err = strconv.Atoi(value); err != nil || opts.DB < 0 {
				return nil, true, errRedisURL()
			}
		case "sentinel_username":
			opts.SentinelUsername = value
		case "sentinel_password":
			opts.SentinelPassword = value
		default:
			return nil, true, errRedisURL()
		}
	}
	if scheme == "rediss-sentinel" {
		opts.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return opts, true, nil
}

func errRedisURL() error {
	return plant.Errorf(plant.Invalid, "the URL of Redis is not understood: it is %s", redisURLForm)
}

// libraryLog takes what go-redis logs.
type libraryLog struct{ log *slog.Logger }

// Printf logs a line.
func (l libraryLog) Printf(ctx context.Context, format string, args ...any) {
	l.log.DebugContext(ctx, "redis client", "says", fmt.Sprintf(format, args...))
}
