package ipmi_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

func TestUserAccess(t *testing.T) {
	tests := []struct {
		name string
		in   ipmi.UserAccess
		want string
	}{
		{"administrator", ipmi.UserAccess{MaxUsers: 5, EnabledUsers: 4, FixedNames: 5, Enabled: true, Messaging: true, Limit: ipmi.Administrator}, "05 44 05 14"},
		{"null user", ipmi.UserAccess{MaxUsers: 5, EnabledUsers: 4, FixedNames: 5, Limit: ipmi.NoAccess}, "05 84 05 0f"},
		{"all bits", ipmi.UserAccess{MaxUsers: 63, EnabledUsers: 63, FixedNames: 63, Enabled: true, CallbackOnly: true, LinkAuth: true, Messaging: true, Limit: ipmi.Callback}, "3f 7f 3f 71"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := ipmi.AppendUserAccess(nil, tt.in)
			comparePieces(t, b, []piece{{"access", tt.want}})
			got, err := ipmi.ParseUserAccess(b)
			if diff := cmp.Diff(tt.in, got); err != nil || diff != "" {
				t.Errorf("error %v, access (-want +got):\n%s", err, diff)
			}
		})
	}
}

type userName struct {
	ID   uint8
	Name string
}

func parseSetUserName(b []byte) (any, error) {
	id, name, err := ipmi.ParseSetUserNameRequest(b)
	return userName{id, string(name)}, err
}

func TestUserRequests(t *testing.T) {
	const sixteen = "61626300000000000000000000000000"
	tests := []struct {
		name  string
		parse func([]byte) (any, error)
		in    string
		want  any
	}{
		{"get access", boxed(ipmi.ParseUserRequest), "fe c3", ipmi.UserRequest{Channel: 0xE, UserID: 3}},
		{"set access, all", boxed(ipmi.ParseSetUserAccessRequest), "f1 02 04 01", ipmi.SetUserAccessRequest{
			UserRequest: ipmi.UserRequest{Channel: 1, UserID: 2}, Change: true, CallbackOnly: true, LinkAuth: true, Messaging: true,
			Limit: ipmi.Administrator, SessionLimit: 1,
		}},
		{"set access, limit only", boxed(ipmi.ParseSetUserAccessRequest), "01 02 0f", ipmi.SetUserAccessRequest{
			UserRequest: ipmi.UserRequest{Channel: 1, UserID: 2}, Limit: ipmi.NoAccess,
		}},
		{"get name", boxed(ipmi.ParseUserNameRequest), "42", uint8(2)},
		{"set name", parseSetUserName, "02" + sixteen, userName{2, "abc"}},
		{"set password", boxed(ipmi.ParseSetPasswordRequest), "02 02" + sixteen, ipmi.SetPasswordRequest{UserID: 2, Operation: ipmi.PasswordSet, Password: unhex(sixteen)}},
		{"test a long one", boxed(ipmi.ParseSetPasswordRequest), "82 03" + sixteen + "00000000", ipmi.SetPasswordRequest{
			UserID: 2, Long: true, Operation: ipmi.PasswordTest, Password: unhex(sixteen + "00000000"),
		}},
		{"enable", boxed(ipmi.ParseSetPasswordRequest), "02 01", ipmi.SetPasswordRequest{UserID: 2, Operation: ipmi.PasswordEnableUser, Password: []byte{}}},
		{"disable, as ipmitool does", boxed(ipmi.ParseSetPasswordRequest), "02 00" + sixteen, ipmi.SetPasswordRequest{UserID: 2, Password: unhex(sixteen)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.parse(unhex(tt.in))
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("error %v, request (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestUserRequestsRefused(t *testing.T) {
	tests := []struct {
		name  string
		parse func([]byte) (any, error)
		in    string
		want  ipmi.CompletionCode
	}{
		{"get access: one byte", boxed(ipmi.ParseUserRequest), "01", ipmi.InvalidLength},
		{"set access: two bytes", boxed(ipmi.ParseSetUserAccessRequest), "91 02", ipmi.InvalidLength},
		{"set access: level 0", boxed(ipmi.ParseSetUserAccessRequest), "91 02 00", ipmi.InvalidField},
		{"set access: level 6", boxed(ipmi.ParseSetUserAccessRequest), "91 02 06", ipmi.InvalidField},
		{"get name: nothing", boxed(ipmi.ParseUserNameRequest), "", ipmi.InvalidLength},
		{"set name: short", parseSetUserName, "02 6162", ipmi.InvalidLength},
		{"password: ID only", boxed(ipmi.ParseSetPasswordRequest), "02", ipmi.InvalidLength},
		{"password: test of nothing", boxed(ipmi.ParseSetPasswordRequest), "02 03", ipmi.InvalidLength},
		{"password: sixteen bytes called twenty", boxed(ipmi.ParseSetPasswordRequest), "82 02 61626300000000000000000000000000", ipmi.InvalidLength},
	}
	for _, tt := range tests {
		if got, err := tt.parse(unhex(tt.in)); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %+v, error %v; want %v", tt.name, got, err, tt.want)
		}
	}
}

func TestUserNameIsPadded(t *testing.T) {
	comparePieces(t, ipmi.AppendUserName(nil, "abc"), []piece{{"name", "616263"}, {"padding", "00000000000000000000000000"}})
	comparePieces(t, ipmi.AppendUserName(nil, "0123456789abcdefXX"), []piece{{"cut", "30313233343536373839616263646566"}})
}
