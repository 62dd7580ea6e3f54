package docstest

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// overlay lays a part of a configuration over a whole one: keys of the part
// replace those of the whole, entries of lists are matched by their name.
func overlay(whole, part string) (string, error) {
	var under, over map[string]any
	if err := yaml.Unmarshal([]byte(whole), &under); err != nil {
		return "", err
	}
	if err := yaml.Unmarshal([]byte(part), &over); err != nil {
		return "", fmt.Errorf("a part of a configuration: %w", err)
	}
	text, err := yaml.Marshal(lay(under, over))
	return "apiVersion: bmc-gateway/v1\n" + string(text), err
}

func lay(under, over any) any {
	switch over := over.(type) {
	case map[string]any:
		u, ok := under.(map[string]any)
		if !ok {
			return over
		}
		for key, value := range over {
			u[key] = lay(u[key], value)
		}
		delete(u, "apiVersion") // it comes first
		return u
	case []any:
		u, _ := under.([]any)
		return layEntries(u, over)
	default:
		return over
	}
}

// layEntries replaces entries of the same name and adds the others. A list
// without names is replaced.
func layEntries(under, over []any) any {
	for _, entry := range over {
		name := nameOf(entry)
		if name == nil {
			return over
		}
		found := false
		for i := range under {
			if nameOf(under[i]) == name {
				under[i], found = lay(under[i], entry), true
			}
		}
		if !found {
			under = append(under, entry)
		}
	}
	return under
}

func nameOf(entry any) any {
	m, _ := entry.(map[string]any)
	return m["name"]
}
