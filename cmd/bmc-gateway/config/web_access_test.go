package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

const webAccessText = `apiVersion: bmc-gateway/v1
http: {web_config_file: %s%s}
vcenters:
- {name: vc-lab, url: https://vc-lab.example.net, username: svc-bmc, password_env: VC_PASSWORD}
pools:
- {name: lab, assign: existing, cidr: 192.0.2.0/24}
tenants:
- name: lab-a
  vcenter: vc-lab
  pool: lab
  select: {tags: [bmc/enabled]}
  accounts: [{username: operator, password_env: BMC_PASSWORD, privilege: operator}]
%s
`

// Who sees what is checked against the users there are: a name that is misspelt must
// not be found out by somebody who sees nothing, or by nobody who sees too much.
func TestWebAccess(t *testing.T) {
	tests := []struct {
		name, admins, users string
		says                []string // of problems, and of warnings
		wantAdmins, want    []string
	}{
		{"nobody is named", "", "", nil, nil, nil},
		{"an administrator", ", admins: [ops]", "", nil, []string{"ops"}, nil},
		{"an administrator and a tenant's users", ", admins: [ops]", "  web_users: [ann, bob]", nil, []string{"ops"}, []string{"ann", "bob"}},
		{"no administrator", "", "  web_users: [ann]", []string{`:13: tenants[0].web_users[0]: needs http.admins beside it`}, nil, nil},
		{"nobody the file knows", ", admins: [root]", "  web_users: [ann, eve]", []string{
			`:2: http.admins[0]: "root" is no user of `, `:13: tenants[0].web_users[1]: "eve" is no user of `}, nil, nil},
		{"both", ", admins: [ops]", "  web_users: [ops]", []string{`:13: tenants[0].web_users[0]: "ops" is one of http.admins, too`}, []string{"ops"}, []string{"ops"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			web := write(t, dir, "web.yaml", "basic_auth_users: {ops: $2y$10$S3cretHash, ann: x, bob: y}\n", 0o600)
			cfg, warnings, err := Load(write(t, dir, "config.yaml", fmt.Sprintf(webAccessText, web, tt.admins, tt.users), 0o600), environment)
			var told strings.Builder
			for _, w := range warnings {
				fmt.Fprintln(&told, w)
			}
			if err != nil {
				fmt.Fprintln(&told, err)
			}
			if strings.Count(told.String(), "\n") != len(tt.says) || strings.Contains(told.String(), "S3cret") {
				t.Errorf("told:\n%s\nwant %q", told.String(), tt.says)
			}
			for _, says := range tt.says {
				if !strings.Contains(told.String(), says) {
					t.Errorf("no %q in:\n%s", says, told.String())
				}
			}
			if err == nil && (!slices.Equal(cfg.HTTPAdmins, tt.wantAdmins) || !slices.Equal(cfg.Tenants[0].WebUsers, tt.want)) {
				t.Errorf("admins %v, users %v", cfg.HTTPAdmins, cfg.Tenants[0].WebUsers)
			}
		})
	}
}
