package admin

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write the schema as it is now")

const schemaPage = "../../docs/reference/admin-api.schema.json"

func schemaText(t *testing.T) []byte {
	t.Helper()
	text, err := json.MarshalIndent(answers(), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

func TestSchemaIsWritten(t *testing.T) {
	now := schemaText(t)
	if *update {
		if err := os.WriteFile(schemaPage, now, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if was, err := os.ReadFile(schemaPage); err != nil || !bytes.Equal(was, now) {
		t.Errorf("%s is not what the answers are (%v); go test ./gateway/admin -run TestSchema -update", schemaPage, err)
	}
}

// TestSchemaHasEveryKind looks for the kinds in the source.
func TestSchemaHasEveryKind(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	kind := regexp.MustCompile(`\{APIVersion, "(\w+)"`)
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range kind.FindAllSubmatch(text, -1) {
			found++
			if envelopes[string(m[1])] == nil {
				t.Errorf("%s: kind %s is not in the schema", file, m[1])
			}
		}
	}
	if found < len(envelopes) {
		t.Errorf("%d kinds found, the schema has %d", found, len(envelopes))
	}
}

func TestAnswersAreAsTheSchemaSays(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaText(t)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("answers.json", doc); err != nil {
		t.Fatal(err)
	}
	all, err := c.Compile("answers.json")
	if err != nil {
		t.Fatal(err)
	}
	check := func(what, text string) error {
		t.Helper()
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		return all.Validate(value)
	}
	events := NewEvents(2)
	events.Add(Event{Kind: EventCommand, Level: Info, Text: "x"})
	src := happenings{lab, events}
	for _, request := range []string{"GET /v1/bmcs", "GET /v1/bmcs?tenant=none", "GET /v1/bmcs/lab-a/web%201%2Fa", "GET /v1/bmcs/lab-a/none",
		"GET /v1/bmcs/lab-a/5026aaaa/detail", "GET /v1/bmcs/lab-b/db1/detail", "GET /v1/bmcs/lab-a/none/detail",
		"GET /v1/status", "GET /v1/removals", "GET /v1/leases", "GET /v1/maintenance", "GET /v1/events", "POST /v1/bmcs"} {
		method, path, _ := strings.Cut(request, " ")
		w := httptest.NewRecorder()
		handler(src, nil).ServeHTTP(w, httptest.NewRequest(method, path, nil))
		if err := check(request, w.Body.String()); err != nil {
			t.Errorf("%s: %v in %s", request, err, w.Body)
		}
	}
	line, err := json.Marshal(Event{Time: when, Kind: EventLogin, Level: Warning, Text: "login failed"})
	if err != nil {
		t.Fatal(err)
	}
	if err := check("an event", string(line)); err != nil {
		t.Errorf("%v in %s", err, line)
	}
	for _, wrong := range []string{`{}`, `[]`, `{"apiVersion":"bmc-gateway/v1","kind":"BMCList"}`, `{"apiVersion":"bmc-gateway/v2","kind":"Error","error":"x"}`,
		`{"apiVersion":"bmc-gateway/v1","kind":"BMCList","items":[{"name":"x"}]}`} {
		if check(wrong, wrong) == nil {
			t.Errorf("%s is taken for an answer", wrong)
		}
	}
}
