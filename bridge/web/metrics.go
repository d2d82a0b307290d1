package web

import (
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Implementation.
const (
	mostScrapes = 4               // at a time
	scrapeTime  = 5 * time.Second // for one
)

func (s *Server) metricsRoutes() []route {
	// Not the registry of the whole process: what is measured here is one bridge.
	all := prometheus.NewRegistry()
	all.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), buildInfo(), &collector{s})
	for _, h := range s.meter.stages {
		all.MustRegister(h)
	}
	h := promhttp.HandlerFor(all, promhttp.HandlerOpts{MaxRequestsInFlight: mostScrapes, Timeout: scrapeTime, DisableCompression: true})
	return []route{{method: http.MethodGet, path: "/metrics", serve: h.ServeHTTP}}
}

func buildInfo() prometheus.Collector {
	labels := prometheus.Labels{"goversion": runtime.Version(), "version": "unknown", "revision": "unknown"}
	if build, ok := debug.ReadBuildInfo(); ok {
		labels["version"] = build.Main.Version
		for _, s := range build.Settings {
			if s.Key == "vcs.revision" {
				labels["revision"] = s.Value
			}
		}
	}
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "wvsms_build_info", Help: "What this program was built from; always 1.", ConstLabels: labels})
	g.Set(1)
	return g
}
