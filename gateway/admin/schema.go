package admin

import (
	"encoding"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"
)

// envelopes are all answers there are, by kind.
var envelopes = map[string]any{
	"BMCList": list{}, "BMC": one{}, "Status": screen{}, "RemovalsList": sets{}, "Confirmation": confirmed{},
	"EventList": happened{}, "LeaseList": leases{}, "MaintenanceList": maintenances{}, "Reload": reload{},
	"Outcome": outcome{}, "OutcomeList": outcomes{}, "Release": released{}, "Error": failure{},
	"AccessGrantList": grantList{}, "AccessGrant": oneGrant{}, "BMCDetail": detailed{}, "BMCDetailList": details{},
	"RegistrationList": registrations{},
}

type schema map[string]any

// answers returns the JSON Schema (draft 2020-12) of all answers, and of an event,
// which is a line of a stream and of the audit file. It is made of the types that
// the answers are made of.
func answers() schema {
	parts := schema{}
	kinds := []schema{{"$ref": "#/$defs/Event"}}
	typeSchema(reflect.TypeFor[Event](), parts)
	for kind, envelope := range envelopes {
		s := object(reflect.TypeOf(envelope), parts)
		properties := s["properties"].(schema)
		properties["apiVersion"], properties["kind"] = schema{"const": APIVersion}, schema{"const": kind}
		parts["answer "+kind] = s
	}
	for _, name := range slices.Sorted(maps.Keys(envelopes)) {
		kinds = append(kinds, schema{"$ref": "#/$defs/answer%20" + name})
	}
	return schema{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "answers of bmc-gateway", "anyOf": kinds, "$defs": parts}
}

var (
	timeType = reflect.TypeFor[time.Time]()
	textType = reflect.TypeFor[encoding.TextMarshaler]()
)

// typeSchema says how a type is written; named structs are among the parts.
func typeSchema(t reflect.Type, parts schema) schema {
	switch {
	case t == timeType:
		return schema{"type": "string", "format": "date-time"}
	case t.Kind() != reflect.Pointer && t.Implements(textType):
		return schema{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeSchema(t.Elem(), parts)
	case reflect.Struct:
		if _, known := parts[t.Name()]; !known {
			parts[t.Name()] = nil // for a type that has itself inside
			parts[t.Name()] = object(t, parts)
		}
		return schema{"$ref": "#/$defs/" + t.Name()}
	case reflect.Slice:
		return schema{"type": []string{"array", "null"}, "items": typeSchema(t.Elem(), parts)}
	case reflect.Map:
		return schema{"type": []string{"object", "null"}, "additionalProperties": typeSchema(t.Elem(), parts)}
	case reflect.String:
		return schema{"type": "string"}
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Float32, reflect.Float64:
		return schema{"type": "number"}
	default:
		return schema{"type": "integer"}
	}
}

// object is the schema of a struct. Other keys may come with another version.
func object(t reflect.Type, parts schema) schema {
	properties, required := schema{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue // an embedded struct, whose fields come by themselves
		}
		properties[name] = typeSchema(f.Type, parts)
		if !strings.Contains(options, "omit") {
			required = append(required, name)
		}
	}
	return schema{"type": "object", "properties": properties, "required": required}
}

func handleSchema(mux *http.ServeMux) {
	mux.HandleFunc("GET /v1/schema", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, answers()) })
}
