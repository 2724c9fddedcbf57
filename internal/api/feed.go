package api

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/factorydash/factorydash/internal/live"
)

// The events of a stream, but for the hello that begins it.
const (
	machinesEvent = "machines"
	agentsEvent   = "agents"
	valuesEvent   = "values"
)

// topic is what a feed tells of: an event, and the slug of the machine where it is
// the values of one.
type topic struct{ event, slug string }

// feed tells the streams that listen to it what changed of a topic. However many
// they are, a change is looked for and written as JSON once, by the goroutine of the
// feed, which runs while anybody listens.
type feed struct {
	service *Service
	topic   topic
	// stop is closed to end the goroutine, done when it has ended.
	stop, done chan struct{}

	mu        sync.Mutex
	last      told
	listeners map[chan<- struct{}]struct{}
}

// told is what a feed told at once: what changed between two marks of the hub. Its
// data is shared and not to be changed.
type told struct {
	after, until live.Mark
	data         []byte
}

// feeds are the feeds that somebody listens to.
type feeds struct {
	mu      sync.Mutex
	byTopic map[topic]*feed
}

// listen has a channel of one place get a value whenever something is told of a
// topic, until it leaves the feed. It fails with live.ErrFull.
func (s *Service) listen(t topic, news chan<- struct{}) (*feed, error) {
	s.feeds.mu.Lock()
	defer s.feeds.mu.Unlock()
	f := s.feeds.byTopic[t]
	if f == nil {
		changes, err := s.hub.Subscribe()
		if err != nil {
			return nil, err
		}
		f = &feed{
			service: s, topic: t, stop: make(chan struct{}), done: make(chan struct{}),
			last: told{until: s.hub.Mark()}, listeners: make(map[chan<- struct{}]struct{}),
		}
		s.feeds.byTopic[t] = f
		go f.run(changes, f.last.until)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listeners[news] = struct{}{}
	return f, nil
}

// leave ends what listen began.
func (f *feed) leave(news chan<- struct{}) {
	if f.forget(news) {
		close(f.stop)
		<-f.done
	}
}

// forget takes a listener away, and the feed where it was the last one, which it
// reports.
func (f *feed) forget(news chan<- struct{}) (last bool) {
	open := &f.service.feeds
	open.mu.Lock()
	defer open.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.listeners, news)
	if len(f.listeners) > 0 {
		return false
	}
	delete(open.byTopic, f.topic)
	return true
}

// run tells what changes after a mark. Between two tellings it rests for as long as
// is usual for its event; the first change after that is told at once.
func (f *feed) run(changes *live.Subscription, seen live.Mark) {
	defer close(f.done)
	defer changes.Close()
	rest := CardInterval
	if f.topic.event == valuesEvent {
		rest = ValueInterval
	}
	for {
		select {
		case <-f.stop:
			return
		case <-changes.Changed():
		}
		until := f.service.hub.Mark()
		data := f.changed(seen, until)
		seen = until
		if data == nil {
			continue
		}
		f.tell(data, until)
		select {
		case <-f.stop:
			return
		case <-time.After(rest):
		}
	}
}

// changed gives what changed of the topic between two marks, as JSON; nil where
// nothing did. What cannot be written as JSON is left out.
func (f *feed) changed(after, until live.Mark) []byte {
	var v any
	switch f.topic.event {
	case machinesEvent:
		v = f.service.changedMachines(after, until)
	case agentsEvent:
		v = f.service.changedAgents(after, until)
	case valuesEvent:
		v = f.service.changedValues(after, until, f.topic.slug)
	}
	if v == nil {
		return nil
	}
	data, err := json.Marshal(v)
	if err != nil {
		f.service.log.Error("event left out", "event", f.topic.event, "error", err)
		return nil
	}
	return data
}

// tell tells the listeners of changes up to a mark. It waits for none of them.
func (f *feed) tell(data []byte, until live.Mark) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = told{after: f.last.until, until: until, data: data}
	for news := range f.listeners {
		select {
		case news <- struct{}{}:
		default:
		}
	}
}

// news gives what was told last.
func (f *feed) news() told {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}
