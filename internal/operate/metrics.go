package operate

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics counts what the server does. Its labels are routes, methods and statuses: never a person, a room or an address.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	commits  prometheus.Histogram
	batch    prometheus.Histogram

	mu     sync.RWMutex // guards counts
	counts map[answered]counts
}

// answered is a kind of requests that were. There are only so many: no label is made up by who asks.
type answered struct {
	route, method string
	status        int
}

// counts are where such requests are counted.
type counts struct {
	number  prometheus.Counter
	seconds prometheus.Observer
}

// NewMetrics returns metrics that have counted nothing yet, for a program of this version.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		counts:   map[answered]counts{},
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "wardroom_requests_total", Help: "Answered requests.",
		}, []string{"route", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "wardroom_request_seconds", Help: "Time to answer a request; waiting for news is part of it.",
			Buckets: []float64{.001, .003, .01, .03, .1, .3, 1, 3, 10, 30, 100},
		}, []string{"route"}),
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "wardroom_commit_seconds", Help: "Time to write one batch of units of work and sync it to disk.",
			Buckets: prometheus.ExponentialBuckets(.0005, 2, 14),
		}),
		batch: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "wardroom_commit_units", Help: "Units of work in one batch.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 9),
		}),
	}
	built := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "wardroom_build", Help: "Always 1; the label says which version runs.", ConstLabels: prometheus.Labels{"version": version},
	}, func() float64 { return 1 })
	m.registry.MustRegister(m.requests, m.seconds, m.commits, m.batch, built,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Request counts one answered request. route is the pattern that matched, never the address that was asked for.
func (m *Metrics) Request(route, method string, status int, took time.Duration) {
	of := answered{route, method, status}
	m.mu.RLock()
	c, found := m.counts[of]
	m.mu.RUnlock()
	if !found {
		c = counts{m.requests.WithLabelValues(route, method, strconv.Itoa(status)), m.seconds.WithLabelValues(route)}
		m.mu.Lock()
		m.counts[of] = c
		m.mu.Unlock()
	}
	c.number.Inc()
	c.seconds.Observe(took.Seconds())
}

// Commit counts one batch of units of work that was synced to disk.
func (m *Metrics) Commit(units int, took time.Duration) {
	m.commits.Observe(took.Seconds())
	m.batch.Observe(float64(units))
}

// Handler serves the metrics in Prometheus' text form.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
