package config

import (
	"encoding/json"
	"strconv"
)

// durationPattern is what time.ParseDuration takes, without a sign.
const durationPattern = `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$|^0$`

// Schema returns the JSON Schema (draft 2020-12) of a configuration file, for
// editors and for whoever generates one. It knows keys, kinds and limits; what
// one key means for another is for Load to say.
func Schema() ([]byte, error) {
	forms := Forms()
	root := object(forms, "")
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "bmc-gateway configuration"
	return json.MarshalIndent(root, "", "  ")
}

type schema map[string]any

// object returns the schema of the section that key names. Lists of vCenters,
// pools and tenants may stand in conf.d, so nothing on top is required but the version.
func object(forms []Form, key string) schema {
	properties := schema{}
	required := []string{}
	for _, f := range forms {
		if f.Key == "" || f.parent() != key || f.Name() == "" {
			continue
		}
		properties[f.Name()] = value(forms, f)
		if f.Needed && f.Kind != List {
			required = append(required, f.Name())
		}
	}
	s := schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

func value(forms []Form, f Form) schema {
	s := schema{}
	switch f.Kind {
	case Section:
		if f.Words != nil {
			return schema{"anyOf": []schema{{"enum": f.Words}, object(forms, f.Key)}}
		}
		return object(forms, f.Key)
	case List:
		return schema{"type": "array", "items": items(forms, f.Key)}
	case Duration:
		// 0 needs no unit, and is a number then.
		s["type"], s["pattern"] = []string{"string", "integer"}, durationPattern
	case Whole, Number:
		s["type"] = string(f.Kind)
		limit(s, "minimum", f.Least)
		limit(s, "maximum", f.Most)
	default:
		s["type"] = string(f.Kind)
	}
	if f.Words != nil {
		s["enum"] = f.Words
	}
	if f.Default != "" {
		s["default"] = defaultOf(f)
	}
	return s
}

func items(forms []Form, list string) schema {
	for _, f := range forms {
		if f.Key == list+"[]" {
			return value(forms, f)
		}
	}
	return schema{"type": string(Text)}
}

func limit(s schema, name, text string) {
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		s[name] = v
	}
}

// defaultOf is the default as JSON has it.
func defaultOf(f Form) any {
	switch f.Kind {
	case Truth:
		return f.Default == "true"
	case Whole, Number:
		if v, err := strconv.ParseFloat(f.Default, 64); err == nil {
			return v
		}
	}
	return f.Default
}
