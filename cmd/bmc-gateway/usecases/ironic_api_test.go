package usecases

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
)

// ironicAPI is the version of the API that Debian's Ironic has, more or less.
const ironicAPI = "1.80"

// A node is what Ironic says of one. Nil is null.
type node struct {
	Name        string  `json:"name"`
	Power       *string `json:"power_state"`
	TargetPower *string `json:"target_power_state"`
	Provision   string  `json:"provision_state"`
	LastError   *string `json:"last_error"`
	Maintenance bool    `json:"maintenance"`
	Fault       *string `json:"fault"`
}

func text(s *string) string {
	if s == nil {
		return "none"
	}
	return *s
}

// String is what matters of it, for a message.
func (n node) String() string {
	return fmt.Sprintf("power %q (to be %q), %s, maintenance %t, fault %q, last error %q",
		text(n.Power), text(n.TargetPower), n.Provision, n.Maintenance, text(n.Fault), text(n.LastError))
}

// call asks the API and returns status and answer. A node that a conductor has
// just locked is asked again.
func (i *ironic) call(t *testing.T, method, path string, body any) (status int, answer []byte) {
	t.Helper()
	eventually(t, method+" "+path, func() error {
		status, answer = i.once(t, method, path, body)
		if status == http.StatusConflict && bytes.Contains(answer, []byte("is locked by host")) {
			return fmt.Errorf("%s", answer)
		}
		return nil
	})
	return status, answer
}

func (i *ironic) once(t *testing.T, method, path string, body any) (int, []byte) {
	t.Helper()
	var send io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		send = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, i.url+"/v1/"+path, send)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-OpenStack-Ironic-API-Version", ironicAPI)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return response.StatusCode, answer
}

// do is call for what must succeed.
func (i *ironic) do(t *testing.T, method, path string, body any) []byte {
	t.Helper()
	status, answer := i.call(t, method, path, body)
	if status >= 300 {
		t.Fatalf("%s %s: status %d: %s", method, path, status, answer)
	}
	return answer
}

func (i *ironic) node(t *testing.T, name string) node {
	t.Helper()
	var n node
	if err := json.Unmarshal(i.do(t, http.MethodGet, "nodes/"+name, nil), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// until waits until a node is what is wanted.
func (i *ironic) until(t *testing.T, name, what string, is func(node) bool) {
	t.Helper()
	eventually(t, name+" "+what, func() error {
		if n := i.node(t, name); !is(n) {
			return fmt.Errorf("it is %s", n)
		}
		return nil
	})
}

// power asks for a power state, as Ironic calls it, and waits until Ironic is done.
func (i *ironic) power(t *testing.T, name, target, then string) {
	t.Helper()
	i.do(t, http.MethodPut, "nodes/"+name+"/states/power", map[string]any{"target": target})
	i.until(t, name, "is "+then+" after "+target, func(n node) bool { return n.TargetPower == nil && text(n.Power) == then })
	if n := i.node(t, name); n.LastError != nil {
		t.Errorf("%s after %s: last error %s", name, target, *n.LastError)
	}
}

// set changes one thing of a node.
func (i *ironic) set(t *testing.T, name, path string, value any) {
	t.Helper()
	i.do(t, http.MethodPatch, "nodes/"+name, []map[string]any{{"op": "add", "path": path, "value": value}})
}

// manage takes a node from enrolment to where Ironic looks after its power.
func (i *ironic) manage(t *testing.T, name string) {
	t.Helper()
	i.do(t, http.MethodPut, "nodes/"+name+"/states/provision", map[string]any{"target": "manage"})
	i.until(t, name, "is manageable", func(n node) bool { return n.Provision == "manageable" })
}
