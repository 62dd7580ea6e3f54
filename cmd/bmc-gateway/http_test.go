package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bmc-gateway/bmc-gateway/metrics"
)

func TestHTTP(t *testing.T) {
	reg := prometheus.NewRegistry()
	metrics.New(reg).Build("0.9.0", "3fa1c2e", "go1.26.8")
	w, err := listenHTTP("127.0.0.1:0", reg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.run(ctx) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, tt := range []struct {
		path string
		code int
		says string
	}{
		{"/metrics", 200, `bmcgw_build_info{goversion="go1.26.8",revision="3fa1c2e",version="0.9.0"} 1`},
		{"/healthz", 200, "ok"},
		{"/debug/pprof/", 404, ""},
	} {
		resp, err := client.Get("http://" + w.listener.Addr().String() + tt.path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != tt.code || !strings.Contains(string(body), tt.says) {
			t.Errorf("%s: %v, %d\n%s", tt.path, err, resp.StatusCode, body)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("end: %v", err)
	}
}

func TestHTTPIsNotWanted(t *testing.T) {
	w, err := listenHTTP("", prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	if err != nil || w.listener != nil {
		t.Fatalf("got %+v, %v", w, err)
	}
	if err := w.run(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestHTTPAddressTaken(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	first, err := listenHTTP("127.0.0.1:0", prometheus.NewRegistry(), log)
	if err != nil {
		t.Fatal(err)
	}
	defer first.listener.Close()
	if _, err := listenHTTP(first.listener.Addr().String(), prometheus.NewRegistry(), log); err == nil ||
		!strings.Contains(err.Error(), "http.listen: ") {
		t.Errorf("got %v", err)
	}
}
