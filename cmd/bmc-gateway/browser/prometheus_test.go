package browser

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// A prometheus is Debian's, and scrapes the daemon.
type prometheus struct{ at string }

func (s *site) prometheus(t *testing.T) *prometheus {
	t.Helper()
	p := &prometheus{at: freePort(t)}
	s.write(t, "prometheus.yml", fmt.Sprintf(`global: {scrape_interval: 2s, scrape_timeout: 2s}
scrape_configs:
- {job_name: bmc-gateway, static_configs: [{targets: [%q]}]}
`, s.http))
	cmd := exec.Command("prometheus", "--config.file="+filepath.Join(s.dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(s.dir, "tsdb"), "--web.listen-address="+p.at)
	log, err := os.Create(filepath.Join(s.dir, "prometheus.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return p
}

// A series is what a query has over a time.
type series struct {
	Metric map[string]string
	Values [][2]any // seconds and a number as text
}

// points are the series' values.
func (s series) points() (all []point) {
	for _, v := range s.Values {
		at, _ := v[0].(float64)
		text, _ := v[1].(string)
		if y, err := strconv.ParseFloat(text, 64); err == nil && y == y {
			all = append(all, point{at, y})
		}
	}
	return all
}

// over is what a query has from one time to another.
func (p *prometheus) over(t *testing.T, query string, from, to time.Time) []series {
	t.Helper()
	resp, err := http.Get("http://" + p.at + "/api/v1/query_range?" + url.Values{
		"query": {query}, "start": {fmt.Sprint(from.Unix())}, "end": {fmt.Sprint(to.Unix())}, "step": {"1"},
	}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Error string
		Data  struct{ Result []series }
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Error != "" {
		t.Fatalf("%s: %v %s", query, err, answer.Error)
	}
	return answer.Data.Result
}
