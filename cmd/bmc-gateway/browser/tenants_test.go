package browser

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// The tenant that looks, and another of the same vCenter.
const (
	looking = 3
	another = 4
)

// ownOnly: whatever a tenant's user asks for, nothing of another tenant is in the
// answer, and all of their own is.
func (s *site) ownOnly(t *testing.T) {
	own, other := s.bmc(t, vm(looking, 1)), s.bmc(t, vm(another, 2))
	user := tenantName(looking)
	atOnce(8, forbiddenPaths(own, other), func(path string) {
		code, body := s.getSome(t, user, path)
		if found := strange(path, body, other); found != "" {
			t.Errorf("%s: %d tells %q of another tenant", path, code, found)
		}
		if strings.HasPrefix(path, "/bmcs/"+other.Tenant) && code != http.StatusNotFound {
			t.Errorf("%s: %d, want 404 as of what does not exist", path, code)
		}
	})
	for path, wants := range map[string]string{
		"/": user, "/bmcs?q=" + own.Name: own.VM.InstanceUUID, "/live/bmcs?q=" + own.Name: own.VM.InstanceUUID, "/metrics/bmcs": own.MAC,
		"/sd/prometheus": own.VM.InstanceUUID, s.path(t, own.Name): own.MAC, "/live" + s.path(t, own.Name): own.MAC, "/readyz": "ready",
	} {
		if code, body := s.getSome(t, user, path); code != http.StatusOK || !strings.Contains(body, wants) {
			t.Errorf("%s: %d, no %q of their own", path, code, wants)
		}
	}
	// What the administrator sees is strange, or this test would see nothing.
	for _, path := range []string{"/bmcs", "/live/bmcs", "/metrics/bmcs", "/sd/prometheus"} {
		if _, body := s.getSome(t, "boss", path+"?tenant="+other.Tenant); strange(path, body, other) == "" {
			t.Errorf("%s: nothing of %s is recognised", path, other.Tenant)
		}
	}
	for user, want := range map[string]int{"": http.StatusUnauthorized, "nobody": http.StatusUnauthorized, "stranger": http.StatusForbidden} {
		for _, path := range []string{"/", "/bmcs", s.path(t, own.Name), "/live/bmcs", "/metrics", "/metrics/bmcs", "/sd/prometheus", "/assets/page.js"} {
			if code, body := s.getSome(t, user, path); code != want || strange(path, body, other) != "" {
				t.Errorf("%s as %q: %d, want %d:\n%s", path, user, code, want, body)
			}
		}
	}
}

// forbiddenPaths are attempts of own's user to see other.
func forbiddenPaths(own, other admin.BMC) []string {
	paths := []string{
		"/", "/metrics", "/metrics/bmcs", "/metrics/bmcs?tenant=" + other.Tenant, "/metrics/bmcs?tenant=" + own.Tenant + "&tenant=" + other.Tenant,
		"/sd/prometheus", "/sd/prometheus?tenant=" + other.Tenant, "/sd/prometheus?exporter=ipmi&tenant=" + other.Tenant, "/readyz", "/readyz?strict=1",
		"/healthz", "/debug/pprof/", "/v1/bmcs", "/assets/../bmcs", "//bmcs", "/live",
	}
	for _, list := range []string{"/bmcs", "/live/bmcs"} {
		paths = append(paths, list, list+"?page=2", list+"?page=200", list+"?sort=address", list+"?tenant="+other.Tenant, list+"?tenant=", list+"?tenant=*",
			list+"?tenant="+own.Tenant+"&tenant="+other.Tenant, list+"?pool="+other.Pool, list+"?vcenter="+other.VCenter, list+"?vcenter=vc-ocp", list+"?state=problem")
		for _, text := range []string{other.Name, other.VM.InstanceUUID, other.VM.BIOSUUID, other.Address.String(), other.MAC, other.Tenant, other.VM.Ref} {
			paths = append(paths, list+"?q="+url.QueryEscape(text))
		}
		for _, tenant := range []string{own.Tenant, other.Tenant} {
			for _, name := range []string{other.Name, other.VM.InstanceUUID, other.Address.String(), other.VM.Ref} {
				paths = append(paths, list+"/"+tenant+"/"+url.PathEscape(name))
			}
		}
		paths = append(paths, list+"/"+own.Tenant+"/..%2f"+other.Tenant+"%2f"+other.VM.InstanceUUID, list+"/"+own.Tenant+"/../"+other.Tenant+"/"+other.VM.InstanceUUID,
			list+"/"+url.PathEscape(own.Tenant+"/"+own.Name)+"/"+other.VM.InstanceUUID, list+"/"+other.Tenant+"/")
	}
	return paths
}

var siteAddress = regexp.MustCompile(`127\.77\.(\d+)\.\d+`)

// strange is what an answer to the tenant that looks tells of others, but for what
// stood in the question.
func strange(path, body string, other admin.BMC) string {
	asked, err := url.QueryUnescape(path)
	if err != nil {
		asked = path
	}
	for _, secret := range []string{other.Tenant, other.VM.InstanceUUID, other.VM.BIOSUUID, other.Address.String() + `"`, other.MAC, ">" + other.Name + "<", `"` + other.Name + `"`} {
		if strings.Contains(body, secret) && !strings.Contains(asked, strings.Trim(secret, `<>"`)) {
			return secret
		}
	}
	for _, m := range siteAddress.FindAllStringSubmatch(body, -1) {
		net, err := strconv.Atoi(m[1])
		if mine := err == nil && (net-40)/2 == looking; !mine && !strings.Contains(asked, m[0]) {
			return m[0]
		}
	}
	return ""
}

// getSome is get; of a stream, which does not end, it is the first event.
func (s *site) getSome(t *testing.T, user, path string) (code int, body string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), lookLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.http+path, nil)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	if user != "" {
		req.SetBasicAuth(user, webPassword)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Errorf("%s: %v", path, err)
		return 0, ""
	}
	defer resp.Body.Close()
	text, err := readSome(resp)
	if err != nil {
		t.Errorf("%s: %v", path, err)
	}
	return resp.StatusCode, text + strings.Join(resp.Header["Location"], "")
}

// readSome reads all of an answer; of a stream the first event, which an empty line ends.
func readSome(resp *http.Response) (string, error) {
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		text, err := io.ReadAll(resp.Body)
		return string(text), err
	}
	var event strings.Builder
	for lines := bufio.NewScanner(resp.Body); lines.Scan() && lines.Text() != ""; {
		event.WriteString(lines.Text() + "\n")
	}
	return event.String(), nil
}

// aTenant logs in with a browser: the list has all BMCs of the tenant, and the page of
// another's is as one that does not exist.
func (s *site) aTenant(t *testing.T, chromium context.Context) {
	b := s.open(t, chromium, tenantName(looking), "/bmcs")
	found := value[string](t, b, `document.querySelector(".chips a b").textContent.replace(/\D/g, "")`)
	if found != strconv.Itoa(allBMCs/tenants) {
		t.Errorf("%s BMCs, want %d", found, allBMCs/tenants)
	}
	b.shot(t, "list")
	b.visit(t, "/")
	b.shot(t, "overview")
	b.expectMissing(s.path(t, vm(another, 2)))
	b.visit(t, s.path(t, vm(another, 2)))
	if h := value[string](t, b, `document.querySelector("h1").textContent`); h != "Nothing here" {
		t.Errorf("the page of another tenant's BMC is %q", h)
	}
}
