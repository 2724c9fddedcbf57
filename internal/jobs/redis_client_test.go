package jobs_test

import (
	"crypto/x509"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/factorydash/factorydash/internal/jobs"
	"github.com/factorydash/factorydash/internal/jobs/redistest"
	"github.com/factorydash/factorydash/internal/plant"
)

func TestOpenRedisReadsURLs(t *testing.T) {
	type settings struct {
		Network, Addr, User, Password string
		DB                            int
		TLS                           string
		Timeout                       time.Duration
	}
	tests := map[string]settings{
		"redis://db":                       {"tcp", "db:6379", "", "", 0, "", 2 * time.Second},
		"redis://me:p%40ss@db:7000/3":      {"tcp", "db:7000", "me", "p@ss", 3, "", 2 * time.Second},
		"redis://:secret@[::1]":            {"tcp", "[::1]:6379", "", "secret", 0, "", 2 * time.Second},
		"rediss://me:pass@db.example:7000": {"tcp", "db.example:7000", "me", "pass", 0, "db.example", 2 * time.Second},
		"redis://db?read_timeout=7s":       {"tcp", "db:6379", "", "", 0, "", 7 * time.Second},
		"unix:///run/redis.sock?db=2":      {"unix", "/run/redis.sock", "", "", 2, "", 2 * time.Second},
	}
	for url, want := range tests {
		t.Run(url, func(t *testing.T) {
			o := openRedis(t, url).Options()
			got := settings{o.Network, o.Addr, o.Username, o.Password, o.DB, "", o.ReadTimeout}
			if o.TLSConfig != nil {
				got.TLS = o.TLSConfig.ServerName
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSentinelOptions(t *testing.T) {
	type settings struct {
		Master, User, Password   string
		Addrs                    []string
		DB                       int
		SentinelUser, SentinelPW string
		TLS                      bool
	}
	tests := map[string]settings{
		"redis-sentinel://a,b:7000/main":                                 {"main", "", "", []string{"a:26379", "b:7000"}, 0, "", "", false},
		"redis-sentinel://me:p%40,@a:1,[::1]:2/m?db=4":                   {"m", "me", "p@,", []string{"a:1", "[::1]:2"}, 4, "", "", false},
		"rediss-sentinel://:pw@a/m?sentinel_password=x":                  {"m", "", "pw", []string{"a:26379"}, 0, "", "x", true},
		"redis-sentinel://a/m?sentinel_username=s&sentinel_password=%26": {"m", "", "", []string{"a:26379"}, 0, "s", "&", false},
	}
	for url, want := range tests {
		t.Run(url, func(t *testing.T) {
			o, ok, err := jobs.SentinelOptions(url)
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			got := settings{o.MasterName, o.Username, o.Password, o.SentinelAddrs, o.DB, o.SentinelUsername, o.SentinelPassword, o.TLSConfig != nil}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
		})
	}
}

// What is wrong with a URL is said without any part of it.
func TestOpenRedisRefusesURLs(t *testing.T) {
	for _, url := range []string{
		"", "hunter2", "http://hunter2@db", "redis://:hunter2/3@db", "redis://:12/hunter2@db", "redis://me:hunter2",
		"redis://me:hun#ter2@db/hunter2", "redis://db/hunter2", "redis://db?hunter2=1", "rediss://me:%hunter2@db", "unix://hunter2@",
		"redis-sentinel://hunter2", "redis-sentinel:///hunter2", "redis-sentinel://hunter2,/m", "redis-sentinel://me:%hunter2@a/m",
		"redis-sentinel://a/m/hunter2", "redis-sentinel://a/m?db=hunter2", "redis-sentinel://a/m?hunter2=1", "redis-sentinel://me:hunter2:x/m",
	} {
		t.Run(url, func(t *testing.T) {
			client, err := jobs.OpenRedis(url, quiet())
			if err == nil {
				client.Close()
			}
			refused(t, url, err, plant.Invalid)
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error tells of the URL: %v", err)
			}
		})
	}
}

// Whatever a URL is, it is read or refused, with an error that is the same for all.
func FuzzSentinelOptions(f *testing.F) {
	for _, url := range []string{
		"redis-sentinel://me:p%40ss@a:1,b/m?db=1", "rediss-sentinel://[::1]/m?sentinel_username=x", "redis-sentinel://@,/?", "redis-sentinel://a:b:c@d/%zz",
	} {
		f.Add(url)
	}
	_, refusal := jobs.OpenRedis("", quiet())
	f.Fuzz(func(t *testing.T, url string) {
		o, ok, err := jobs.SentinelOptions(url)
		switch {
		case err != nil && err.Error() != refusal.Error():
			t.Errorf("the error tells more than others: %v", err)
		case err == nil && ok && (o.MasterName == "" || len(o.SentinelAddrs) == 0 || o.DB < 0):
			t.Errorf("read as %+v", o)
		}
	})
}

// No log and no error tells the password.
func TestThePasswordIsKept(t *testing.T) {
	const secret = "correct-horse"
	server := miniredis.RunT(t)
	server.RequireAuth("another")
	log := &records{}
	client, err := jobs.OpenRedis("redis://:"+secret+"@"+server.Addr(), slog.New(log))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	opts := quick(jobs.Job{Name: "seal", Period: jobs.Every(time.Second), Timeout: time.Second})
	opts.Log = slog.New(log)
	q, err := jobs.NewRedis(client, opts)
	if err != nil {
		t.Fatal(err)
	}
	stop, end := work(t, q, map[string]jobs.Handler{"seal": calls(nil, nil)}), schedule(t, q)
	eventually(t, "it is said that Redis cannot be used", func() bool {
		return log.count(slog.LevelWarn, "Redis cannot be used; jobs wait") > 0
	})
	_, inspected := q.Inspect(t.Context())
	_, enqueued := q.Enqueue(t.Context(), jobs.Task{Job: "seal"})
	checked := jobs.CheckRedis(t.Context(), client)
	end()
	stop()
	refused(t, "inspect", inspected, plant.Unavailable)
	refused(t, "enqueue", enqueued, plant.Unavailable)
	refused(t, "check", checked, plant.Invalid)
	told := log.text() + errors.Join(inspected, enqueued, checked).Error() + client.String()
	if strings.Contains(told, secret) {
		t.Errorf("the password is told:\n%s", told)
	}
}

// A Redis that speaks TLS and asks for a password.
func TestRedisOverTLS(t *testing.T) {
	// A server with a certificate of its own for 127.0.0.1.
	certified := httptest.NewTLSServer(nil)
	defer certified.Close()
	server, port := redistest.StartTLS(t, certified.TLS.Certificates[0], "--requirepass", "secret")
	defer server.Stop()

	open := func(password string) *redis.Client { return openRedis(t, "rediss://:"+password+"@127.0.0.1:"+port) }
	if err := open("secret").Ping(t.Context()).Err(); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate that nobody knows: %v", err)
	}
	trusting := func(password string) *redis.Client {
		client := open(password)
		client.Options().TLSConfig.RootCAs = x509.NewCertPool()
		client.Options().TLSConfig.RootCAs.AddCert(certified.Certificate())
		return client
	}
	refusedWith(t, jobs.CheckRedis(t.Context(), trusting("wrong")), plant.Invalid, "password")
	client := trusting("secret")
	if err := jobs.CheckRedis(t.Context(), client); err != nil {
		t.Errorf("a certificate that is known: %v", err)
	}
	q, err := jobs.NewRedis(client, quick(jobs.Job{Name: "seal"}))
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan call, 1)
	work(t, q, map[string]jobs.Handler{"seal": calls(got, nil)})
	enqueue(t, q, jobs.Task{Job: "seal"})
	receive(t, "a task is run", got)
}

func TestCheckRedis(t *testing.T) {
	t.Run("fit", func(t *testing.T) {
		server := redistest.Start(t)
		if err := jobs.CheckRedis(t.Context(), openRedis(t, server.URL())); err != nil {
			t.Error(err)
		}
	})
	t.Run("evicting", func(t *testing.T) {
		server := redistest.Start(t, "--maxmemory-policy", "allkeys-lru")
		refusedWith(t, jobs.CheckRedis(t.Context(), openRedis(t, server.URL())), plant.Invalid, "maxmemory-policy allkeys-lru")
	})
	t.Run("forbidding INFO", func(t *testing.T) {
		server := redistest.Start(t, "--maxmemory-policy", "volatile-ttl")
		forbid(t, server, "-info")
		refusedWith(t, jobs.CheckRedis(t.Context(), openRedis(t, server.URL())), plant.Invalid, "maxmemory-policy volatile-ttl")
		server.Client().ConfigSet(t.Context(), "maxmemory-policy", "noeviction")
		if err := jobs.CheckRedis(t.Context(), openRedis(t, server.URL())); !errors.Is(err, jobs.ErrUnchecked) {
			t.Error(err)
		}
	})
	t.Run("forbidding INFO and CONFIG", func(t *testing.T) {
		server := redistest.Start(t)
		forbid(t, server, "-info", "-config")
		if err := jobs.CheckRedis(t.Context(), openRedis(t, server.URL())); !errors.Is(err, jobs.ErrUnchecked) {
			t.Error(err)
		}
	})
	t.Run("cluster", func(t *testing.T) {
		server := redistest.Start(t, "--cluster-enabled", "yes")
		refusedWith(t, jobs.CheckRedis(t.Context(), openRedis(t, server.URL())), plant.Invalid, "Cluster")
	})
	t.Run("replica", func(t *testing.T) {
		server := redistest.Start(t, "--replicaof", "127.0.0.1 1")
		refusedWith(t, jobs.CheckRedis(t.Context(), openRedis(t, server.URL())), plant.Invalid, "replica")
	})
	t.Run("asking for a password", func(t *testing.T) {
		server := redistest.Start(t, "--requirepass", "another")
		refusedWith(t, jobs.CheckRedis(t.Context(), openRedis(t, server.URL())), plant.Invalid, "password")
	})
	t.Run("away", func(t *testing.T) {
		server := redistest.Start(t)
		server.Stop()
		refusedWith(t, jobs.CheckRedis(t.Context(), openRedis(t, server.URL())), plant.Unavailable, "cannot be reached")
	})
	t.Run("one that tells nothing", func(t *testing.T) {
		if err := jobs.CheckRedis(t.Context(), openRedis(t, "redis://"+miniredis.RunT(t).Addr())); !errors.Is(err, jobs.ErrUnchecked) {
			t.Error(err)
		}
	})
	for version, text := range map[string]string{
		"5.0.14": "too old", "3": "too old", "6.0.0": "", "7.2.4": "", "10.1": "",
	} {
		t.Run("version "+version, func(t *testing.T) {
			err := jobs.CheckInfo("# Server\r\nredis_version:" + version + "\r\nmaxmemory_policy:noeviction\r\n")
			if text == "" && err != nil {
				t.Error(err)
			}
			if text != "" {
				refusedWith(t, err, plant.Invalid, text)
			}
		})
	}
}

// forbid takes commands from the user.
func forbid(t *testing.T, server *redistest.Server, rules ...string) {
	t.Helper()
	if err := server.Client().ACLSetUser(t.Context(), "default", rules...).Err(); err != nil {
		t.Fatal(err)
	}
}

func refusedWith(t *testing.T, err error, code plant.Code, text string) {
	t.Helper()
	refused(t, text, err, code)
	if err != nil && !strings.Contains(err.Error(), text) {
		t.Errorf("the error is %q, want %q in it", err, text)
	}
}
