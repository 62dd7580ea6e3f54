package config

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// A key that is accepted and has no form would be missing in schema and reference.
func TestEveryKeyHasAForm(t *testing.T) {
	all := Forms()
	known := func(key string) bool {
		return slices.ContainsFunc(all, func(f Form) bool { return f.Key == key })
	}
	for _, f := range all {
		if f.Kind == List && !known(f.Key+"[]") {
			t.Errorf("%s has no form of its elements; give the skeleton one", f.Key)
		}
		for _, key := range f.keys {
			want := strings.TrimPrefix(f.Key+"."+key, ".")
			if !known(want) {
				t.Errorf("%s has no form", want)
			}
		}
	}
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("config.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// document returns a YAML file as JSON has it.
func document(t *testing.T, path string) any {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestSchemaTakesWhatLoadTakes(t *testing.T) {
	s := compiled(t)
	files, err := filepath.Glob("testdata/good/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, path := range append(files, "../../../deploy/config.example.yaml") {
		if err := s.Validate(document(t, path)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// One mistake at a time, in a file that is right but for that.
func TestSchemaRefusesEach(t *testing.T) {
	s := compiled(t)
	for name, change := range map[string]func(map[string]any){
		"text for a number":          func(doc map[string]any) { doc["ipmi"] = map[string]any{"port": "623"} },
		"a number that is too big":   func(doc map[string]any) { doc["ipmi"] = map[string]any{"port": json.Number("65536")} },
		"a number that is too small": func(doc map[string]any) { doc["ipmi"] = map[string]any{"port": json.Number("0")} },
		"a number for text":          func(doc map[string]any) { doc["state"] = map[string]any{"path": json.Number("1")} },
		"a vCenter without a URL":    func(doc map[string]any) { delete(doc["vcenters"].([]any)[0].(map[string]any), "url") },
	} {
		doc := document(t, "testdata/good/minimal.yaml").(map[string]any)
		if err := s.Validate(doc); err != nil {
			t.Fatal(err)
		}
		if change(doc); s.Validate(doc) == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// Of the mistakes, those that a schema can know of.
func TestSchemaRefuses(t *testing.T) {
	s := compiled(t)
	for _, name := range []string{"unknown_keys", "numbers", "words", "lists"} {
		if s.Validate(document(t, filepath.Join("testdata/bad", name+".yaml"))) == nil {
			t.Errorf("%s.yaml is taken", name)
		}
	}
}
