package gateway

import (
	"reflect"
	"slices"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// plan is what a reload from one configuration to another does, in the order of the
// configuration; empty when they say the same. It looks at nothing else. Where a
// password is read from makes no difference, what it is of an account does.
func plan(old, now Config) []admin.ReloadStep {
	steps := settings(old, now)
	steps = append(steps, compare("vcenter", old.VCenters, now.VCenters, func(c vsphere.Config) string { return c.Name }, func(a, b vsphere.Config) (admin.ReloadAction, []string) {
		if sameVCenter(a, b) {
			return "", nil
		}
		return admin.ReloadReplace, nil
	})...)
	replaced := make(map[string]bool)
	pools := compare("pool", old.Pools, now.Pools, func(p Pool) string { return p.Name }, func(a, b Pool) (admin.ReloadAction, []string) {
		if reflect.DeepEqual(a, b) {
			return "", nil
		}
		return planPool(a, b)
	})
	for _, s := range pools {
		replaced[s.Name] = s.Action == admin.ReloadReplace
	}
	steps = append(steps, pools...)
	return append(steps, compare("tenant", old.Tenants, now.Tenants, func(t Tenant) string { return t.Name }, func(a, b Tenant) (admin.ReloadAction, []string) {
		action, what := planTenant(a, b)
		if slices.ContainsFunc(b.Pools, func(p string) bool { return replaced[p] }) {
			return admin.ReloadReplace, append(what, "its pool")
		}
		return action, what
	})...)
}

// planPool says what becomes of a pool: what it gives away, and for how long it keeps
// that, is changed in place, unless routes are made of it.
func planPool(a, b Pool) (action admin.ReloadAction, what []string) {
	what = differing(a.PoolConfig, b.PoolConfig)
	for i := range what {
		what[i] = strings.ToLower(what[i])
	}
	family := func(p Pool) bool { return len(p.Ranges) > 0 && p.Ranges[0].First.Is6() }
	amended := a
	amended.Ranges, amended.Exclude, amended.Hold, amended.Quarantine = b.Ranges, b.Exclude, b.Hold, b.Quarantine
	if a.Routed || family(a) != family(b) || !reflect.DeepEqual(amended, b) {
		return admin.ReloadReplace, what
	}
	return admin.ReloadChange, what
}

// settingKeys is what the fields of a Config are called in the configuration that
// are the daemon's as a whole; those of Audit have their own names.
var settingKeys = map[string]string{
	"AdminSocket": "admin.socket", "HTTPListen": "http.listen", "HTTPWebConfig": "http.web_config_file", "HTTPHosts": "http.hosts", "HTTPAdmins": "http.admins", "StatePath": "state.path",
	"LogLevel": "log.level", "LogFormat": "log.format",
}

// settings compares them. Only those about HTTP can be changed while the daemon runs.
func settings(old, now Config) (steps []admin.ReloadStep) {
	old.VCenters, old.Pools, old.Tenants = now.VCenters, now.Pools, now.Tenants
	for _, field := range differing(old, now) {
		keys := []string{settingKeys[field]}
		if field == "Audit" {
			keys = differing(old.Audit, now.Audit)
			for i := range keys {
				keys[i] = "audit." + strings.ToLower(keys[i])
			}
		}
		action := admin.ReloadLater
		if strings.HasPrefix(field, "HTTP") {
			action = admin.ReloadChange
		}
		for _, key := range keys {
			steps = append(steps, admin.ReloadStep{Kind: "setting", Name: key, Action: action})
		}
	}
	return steps
}

// differing returns the names of the fields that are not the same in two structs of
// one type. Functions differ unless both are nil.
func differing(a, b any) (fields []string) {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range x.NumField() {
		if !reflect.DeepEqual(x.Field(i).Interface(), y.Field(i).Interface()) {
			fields = append(fields, x.Type().Field(i).Name)
		}
	}
	return fields
}

// compare tells what came, went and changed among named things. differ says what
// becomes of one that is in both; "" when it is the same.
func compare[T any](kind string, old, now []T, name func(T) string, differ func(old, now T) (admin.ReloadAction, []string)) (steps []admin.ReloadStep) {
	for _, b := range now {
		at := slices.IndexFunc(old, func(a T) bool { return name(a) == name(b) })
		if at < 0 {
			steps = append(steps, admin.ReloadStep{Kind: kind, Name: name(b), Action: admin.ReloadAdd})
		} else if action, what := differ(old[at], b); action != "" {
			steps = append(steps, admin.ReloadStep{Kind: kind, Name: name(b), Action: action, What: what})
		}
	}
	for _, a := range old {
		if !slices.ContainsFunc(now, func(b T) bool { return name(a) == name(b) }) {
			steps = append(steps, admin.ReloadStep{Kind: kind, Name: name(a), Action: admin.ReloadRemove})
		}
	}
	return steps
}

// amendable are the parts of a tenant that are changed under its BMCs, and those
// that need another tenant in its place, which has other addresses or other VMs
// altogether; for all else the BMCs are opened anew. What each is called in the
// configuration stands beside it.
var amendable = map[string]struct {
	key    string
	action admin.ReloadAction
}{
	"VCenter":      {"vcenter", admin.ReloadReplace},
	"Pools":        {"pools", admin.ReloadReplace},
	"Select":       {"select", admin.ReloadChange},
	"MaxAddresses": {"max_addresses", admin.ReloadChange},
	"Pins":         {"pins", admin.ReloadChange},
	"LegacyPorts":  {"legacy_ports", admin.ReloadChange},
	"Accounts":     {"accounts", admin.ReloadChange},
	"AllowFrom":    {"allow_from", admin.ReloadChange},
	"Power":        {"power", admin.ReloadChange},
	"Guard":        {"guard", admin.ReloadChange},
	"Access":       {"access", admin.ReloadChange},
	"WebUsers":     {"web_users", admin.ReloadChange},
	"Protect":      {"protect", admin.ReloadChange},
	"Fuse":         {"power_off_breaker", admin.ReloadChange},
	"Quota":        {"quota", admin.ReloadChange},
	"Register":     {"register", admin.ReloadChange},
}

// planTenant says what becomes of a tenant, and because of what.
func planTenant(a, b Tenant) (action admin.ReloadAction, what []string) {
	rank := []admin.ReloadAction{"", admin.ReloadChange, admin.ReloadReopen, admin.ReloadReplace}
	for _, field := range differing(a, b) {
		part, known := amendable[field]
		if !known {
			part.key, part.action = strings.ToLower(field), admin.ReloadReopen
		}
		if field == "Quota" && a.Quota.Sessions != b.Quota.Sessions { // BMCs count them together from their start
			part.action = admin.ReloadReopen
		}
		what = append(what, part.key)
		if slices.Index(rank, part.action) > slices.Index(rank, action) {
			action = part.action
		}
	}
	return action, what
}
