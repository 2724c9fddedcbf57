package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/collect"
	"github.com/factorydash/factorydash/internal/jobs"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/retention"
	"github.com/factorydash/factorydash/internal/shop"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/telemetry"
	"github.com/factorydash/factorydash/internal/tracing"
	"github.com/factorydash/factorydash/internal/web"
)

// part is one of the things that a process can do. `serve` does them all; `web`,
// `worker` and `scheduler` share them.
type part uint8

const (
	showPages part = 1 << iota
	captureAgents
	runJobs
	scheduleJobs
)

// String names the parts for the log.
func (p part) String() string {
	var names []string
	for i, name := range []string{"pages", "capture", "jobs", "schedule"} {
		if p&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// nodeFlags is what every process that runs for long is told.
type nodeFlags struct {
	listenFlags
	redisFlags
}

// node is a process that runs for long.
type node struct {
	env       *environment
	parts     part
	flags     nodeFlags
	public    publicFlags
	shopFile  shopFlags
	agents    agentFlags
	capture   captureFlags
	retention retentionFlags
	seal      sealFlags
	simulate  bool
	// shared is set for one of several processes, which need a database and a
	// broker to be one installation.
	shared bool

	group    *errgroup.Group
	store    dataStore
	redis    *redis.Client // nil where there is none
	registry *prometheus.Registry
	tracer   *tracing.Tracer // nil where nobody takes traces
	queue    jobs.Queue
	hub      *live.Hub
	service  *api.Service
	// shop gives what people say of their plant.
	shop func() *shop.Shop
	// publisher tells other processes what this one captures, follower hears what
	// they do; nil where there is no Redis or nothing to tell or show.
	publisher *live.Publisher
	follower  *live.Follower
	// moved has what the roster's moved says: it writes them, the pages show them.
	moved sync.Map
}

func (n *node) does(p part) bool { return n.parts&p != 0 }

// run wires the parts together and runs them until ctx ends or one of them cannot
// go on.
func (n *node) run(ctx context.Context) (err error) {
	if _, err := productionReason(); err != nil {
		return err
	}
	if n.does(showPages) {
		if err := n.public.checkProduction(); err != nil {
			return err
		}
	}
	listener, err := n.listen(ctx)
	if err != nil {
		return err
	}
	defer listener.Close()
	if err := n.open(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.close()) }()

	ctx, stop := context.WithCancel(ctx)
	defer stop()
	n.group, ctx = errgroup.WithContext(ctx)
	err = n.start(ctx, listener)
	if err == nil {
		url := pageURL(listener.Addr())
		log := n.env.log.With("address", listener.Addr().String(), "url", url, "parts", n.parts.String(),
			"store", n.storeName(), "redis", n.redis != nil, "version", n.env.build.Version)
		if n.does(showPages) {
			log.Info("page is up")
			if !production() && beyondLoopback(listener.Addr().String()) {
				n.env.log.Warn("everybody who reaches this address sees the pages: there are no accounts; FACTORYDASH_ENV=production demands what a public address needs")
			}
		} else {
			log.Info("health and metrics are up")
		}
	} else {
		stop()
	}
	return errors.Join(err, n.group.Wait())
}

// storeName says for the log where the data is, without a secret.
func (n *node) storeName() string {
	if url, err := n.env.cli.database(); err == nil && url != "" {
		return "PostgreSQL"
	}
	return n.env.cli.Data
}

// open opens what the parts stand on.
func (n *node) open(ctx context.Context) error {
	// What is asked for wrongly makes no store.
	if _, err := n.agents.named(); err != nil {
		return err
	}
	broker, err := n.flags.redis()
	if err != nil {
		return err
	}
	if n.shared {
		if broker == "" {
			return plant.Errorf(plant.Invalid, "REDIS_URL is not set: it joins the processes; 'factorydash serve' needs none")
		}
		n.store, err = n.env.openShared(ctx)
	} else {
		n.store, err = n.env.openStore(ctx)
	}
	if err != nil {
		return err
	}
	if n.redis, err = n.flags.openRedis(ctx, n.env); err != nil {
		return errors.Join(err, n.store.Close())
	}
	return nil
}

func (n *node) close() error {
	if n.service != nil {
		n.service.Wait()
	}
	err := n.store.Close()
	if n.redis != nil {
		err = errors.Join(err, n.redis.Close())
	}
	return err
}

// start makes the parts and starts them; they belong to the group.
func (n *node) start(ctx context.Context, listener net.Listener) error {
	n.registry = telemetry.NewRegistry(n.env.build)
	n.hub = live.NewHub(live.Options{Log: n.env.log})
	err := n.hub.Register(n.registry)
	if err != nil {
		return err
	}
	if n.tracer, err = openTracer(n.env); err != nil {
		return err
	}
	n.group.Go(func() error { return n.tracer.Run(ctx) })
	if n.queue, err = openQueue(n.redis, n.flags.RedisNamespace, n.env, n.registry); err != nil {
		return err
	}
	if err := n.openShop(ctx); err != nil {
		return err
	}
	var holder *collect.Holder
	if n.does(captureAgents) {
		if holder, err = n.newHolder(); err != nil {
			return err
		}
		if err := n.registry.Register(newAgentMetrics(holder.Status)); err != nil {
			return fmt.Errorf("register metrics: %w", err)
		}
	}
	pages := http.NotFoundHandler()
	if n.does(showPages) {
		if pages, err = n.newPages(); err != nil {
			return err
		}
	}
	if holder != nil {
		if err := n.startCapture(ctx, holder); err != nil {
			return err
		}
	}
	if n.service != nil {
		if err := n.load(ctx); err != nil {
			return err
		}
		n.group.Go(func() error { return n.service.Run(ctx) })
	}
	if n.follower != nil {
		n.group.Go(func() error { return n.follower.Run(ctx) })
	}
	if err := n.startJobs(ctx); err != nil {
		return err
	}
	hosts, err := n.public.rules()
	if err != nil {
		return err
	}
	proxies, err := n.public.networks()
	if err != nil {
		return err
	}
	n.group.Go(func() error {
		return serveHTTP(ctx, listener, httpParts{
			pages: pages, hosts: hosts, proxies: proxies, api: n.service, store: n.store, faults: n.store.Faults, registry: n.registry,
			tracer: n.tracer, log: n.env.log,
		})
	})
	return nil
}

// load reads what the store holds. Where the store is away, pages of one of
// several processes come up all the same and are filled when it is back.
func (n *node) load(ctx context.Context) error {
	err := n.service.Load(ctx)
	if n.shared && plant.ErrorCode(err) == plant.Unavailable {
		n.env.log.Warn("the store is away: the pages are empty until it is back", "error", err)
		n.service.Reread()
		return nil
	}
	return err
}

// newPages makes the pages, what they are drawn from, and what hears of other
// processes.
func (n *node) newPages() (http.Handler, error) {
	options := api.Options{
		Reader: n.store, Hub: n.hub, Faults: n.store.Faults, Size: n.store.Size, RetentionDays: n.retention.RetentionDays,
		Devices: modelDevices,
		NamedURL: func(agent string) string {
			url, _ := n.moved.Load(agent)
			text, _ := url.(string)
			return text
		},
		Crew: n.store.Crew, Queue: n.queue.Inspect, Redis: n.redis != nil,
		Shop: n.shop, Version: n.env.build.Version, Log: n.env.log, Registerer: n.registry,
	}
	if n.redis != nil {
		options.Silence = func() string { return n.follower.Silence() }
	}
	n.service = api.NewService(options)
	if n.redis != nil {
		var err error
		n.follower, err = live.NewFollower(live.FollowerOptions{
			Redis: n.redis, Namespace: n.flags.RedisNamespace, Hub: n.hub, Resync: n.service.Reread, Own: n.publisher,
			Log: n.env.log, Registerer: n.registry,
		})
		if err != nil {
			return nil, err
		}
	}
	return web.New(web.Options{Views: n.service, Shop: n.shop, Version: n.env.build.Version, Log: n.env.log})
}

// newHolder makes what captures agents, together with other workers, and tells
// this process and others of it.
func (n *node) newHolder() (*collect.Holder, error) {
	dial, err := n.agents.dialer(userAgent(n.env.build))
	if err != nil {
		return nil, err
	}
	var holder *collect.Holder
	if n.redis != nil {
		n.publisher, err = live.NewPublisher(live.PublisherOptions{
			Redis: n.redis, Namespace: n.flags.RedisNamespace,
			Statuses: func() []plant.AgentStatus { return holder.Status() },
			Log:      n.env.log, Registerer: n.registry,
		})
		if err != nil {
			return nil, err
		}
	}
	holder, err = collect.NewHolder(collect.HolderOptions{
		Leases: n.store, Name: workerName(), Version: n.env.build.Version, Started: time.Now(),
		Capture: collect.Options{
			Store: n.writer(), Ledger: n.store, Dial: dial, Publish: n.publish, Status: n.publishStatus,
			Rules: stateRulesOf(n.shop), Log: n.env.log, Registerer: n.registry,
			CommitDelay: n.capture.CommitDelay, PollInterval: n.capture.PollInterval,
		},
		HandedOver: n.handedOver,
		Removed:    n.removed,
	})
	return holder, err
}

// writer gives the store for capture.
func (n *node) writer() store.Writer {
	if n.tracer == nil {
		return n.store
	}
	return tracedWriter{n.store, n.tracer}
}

// publish tells of a commit: the pages of this process and those of others.
func (n *node) publish(c plant.Change) {
	n.hub.Publish(c)
	if n.publisher != nil {
		n.publisher.Publish(c)
	}
}

func (n *node) publishStatus(s plant.AgentStatus) {
	if n.follower != nil {
		n.follower.PublishStatus(s)
	} else {
		n.hub.PublishStatus(s)
	}
	if n.publisher != nil {
		n.publisher.PublishStatus(s)
	}
}

// handedOver is called when another process captures an agent from now on.
func (n *node) handedOver(agent plant.AgentID) {
	if n.follower != nil {
		n.follower.Expect(agent)
	} else {
		n.hub.Forget(agent)
	}
}

// removed is called when nobody is to capture an agent any more.
func (n *node) removed(agent plant.AgentID) {
	n.hub.Forget(agent)
	if n.publisher != nil {
		n.publisher.Forget(agent)
	}
}

// startCapture starts the simulated shop where it is wanted, and the capture of
// the agents.
func (n *node) startCapture(ctx context.Context, holder *collect.Holder) error {
	named, err := n.agents.named()
	if err != nil {
		return err
	}
	if n.shared {
		// Workers share what every worker knows.
		for i := range named {
			named[i].Configured = true
		}
	}
	if n.simulate {
		simulated, err := startShop(ctx, n.group, n.store, n.env.log)
		if err != nil {
			return err
		}
		named = append(named, simulated...)
	}
	if err := buryDeadWorkers(ctx, n.store, workerName()); err != nil {
		return err
	}
	roster := &roster{store: n.store, named: slices.Clone(named), holder: holder, log: n.env.log, moved: &n.moved}
	err = roster.update(ctx)
	if err != nil && (!n.shared || plant.ErrorCode(err) != plant.Unavailable) {
		return err
	}
	if err != nil {
		n.env.log.Warn("the store is away: capture begins when it is back", "error", err)
	}
	// The publisher ends behind the holder, whose last commits others are to hear of.
	publishing, stopPublishing := context.WithCancel(context.WithoutCancel(ctx))
	if n.publisher != nil {
		n.group.Go(func() error { return n.publisher.Run(publishing) })
	}
	n.group.Go(func() error {
		defer stopPublishing()
		return holder.Run(ctx)
	})
	n.group.Go(func() error { return roster.run(ctx) })
	return nil
}

// startJobs starts the running of jobs and their schedule.
func (n *node) startJobs(ctx context.Context) error {
	if n.does(runJobs) {
		policy, err := n.retention.policy()
		if err != nil {
			return err
		}
		keeper, err := retention.New(retention.Options{
			Store: n.store, Policy: policy, SealAfter: n.seal.SealAfter, Log: n.env.log, Registerer: n.registry,
		})
		if err != nil {
			return err
		}
		if err := keeper.CheckNames(ctx); err != nil {
			n.env.log.Warn("the names in --agent-retention could not be checked", "error", err)
		}
		work := handlers(keeper, newCaptureWatch(n.store, n.env.log, n.registry))
		n.group.Go(func() error { return n.queue.Work(ctx, traceJobs(n.tracer, work)) })
	}
	if n.does(scheduleJobs) {
		n.group.Go(func() error { return n.queue.Schedule(ctx) })
	}
	return nil
}

// listen takes the address before anything else is done, so that a second
// process says at once that the first one has it.
func (n *node) listen(ctx context.Context) (net.Listener, error) {
	address, err := n.flags.address()
	if err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--listen %s: %w", address, err)
	}
	return listener, nil
}

// pageURL is the address as a person opens it.
func pageURL(a net.Addr) string {
	return "http://" + listenFlags{Listen: a.String()}.dialAddress() + "/"
}

// userAgent is how we call ourselves to agents.
func userAgent(b telemetry.Build) string { return "factorydash/" + b.Version }
