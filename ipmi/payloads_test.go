package ipmi_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

type payloadRequest struct {
	Channel   uint8
	Type      ipmi.PayloadType
	Instance  uint8
	Operation ipmi.PayloadEncryption
}

func parsePayloadInstance(b []byte) (any, error) {
	t, instance, err := ipmi.ParsePayloadInstanceRequest(b)
	return payloadRequest{Type: t, Instance: instance}, err
}

func parsePayloadVersion(b []byte) (any, error) {
	channel, t, err := ipmi.ParsePayloadVersionRequest(b)
	return payloadRequest{Channel: channel, Type: t}, err
}

func parsePayloadEncryption(b []byte) (any, error) {
	t, operation, err := ipmi.ParsePayloadEncryptionRequest(b)
	return payloadRequest{Type: t, Operation: operation}, err
}

func TestPayloadRequests(t *testing.T) {
	tests := []struct {
		name  string
		parse func([]byte) (any, error)
		in    string
		want  any
		err   error
	}{
		{"ipmitool sol activate", boxed(ipmi.ParsePayloadRequest), "01 01 c6 00 00 00", ipmi.PayloadRequest{Type: ipmi.PayloadSOL, Instance: 1, Aux: [4]byte{0xC6}}, nil},
		{"activate, short", boxed(ipmi.ParsePayloadRequest), "01 01 c6", nil, ipmi.InvalidLength},
		{"status", boxed(ipmi.ParsePayloadStatusRequest), "01", ipmi.PayloadSOL, nil},
		{"status, nothing", boxed(ipmi.ParsePayloadStatusRequest), "", nil, ipmi.InvalidLength},
		{"instance", parsePayloadInstance, "01 02", payloadRequest{Type: ipmi.PayloadSOL, Instance: 2}, nil},
		{"instance, short", parsePayloadInstance, "01", nil, ipmi.InvalidLength},
		{"version", parsePayloadVersion, "0e 10", payloadRequest{Channel: 0xE, Type: ipmi.PayloadOpenSessionRequest}, nil},
		{"version, long", parsePayloadVersion, "0e 10 00", nil, ipmi.InvalidLength},
		{"encryption", parsePayloadEncryption, "00 01 02", payloadRequest{Operation: ipmi.EncryptionRegenerate}, nil},
		{"encryption, reserved", parsePayloadEncryption, "00 01 03", nil, ipmi.InvalidField},
		{"encryption, short", parsePayloadEncryption, "00 01", nil, ipmi.InvalidLength},
		{"set access", boxed(ipmi.ParseSetPayloadAccessRequest), "01 42 02 00 80 00", ipmi.SetPayloadAccessRequest{
			UserRequest: ipmi.UserRequest{Channel: 1, UserID: 2}, Disable: true, Types: ipmi.PayloadAccess{Standard: 2, OEM: 0x80},
		}, nil},
		{"set access, reserved", boxed(ipmi.ParseSetPayloadAccessRequest), "01 82 02 00 00 00", nil, ipmi.InvalidField},
		{"set access, short", boxed(ipmi.ParseSetPayloadAccessRequest), "01 02 02", nil, ipmi.InvalidLength},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.parse(unhex(tt.in))
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got); err == nil && diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPayloadAnswers(t *testing.T) {
	comparePieces(t, ipmi.AppendPayloadSupport(nil, ipmi.PayloadIPMI, ipmi.PayloadSOL, ipmi.PayloadOpenSessionRequest, ipmi.PayloadRAKP4), []piece{
		{"standard", "03 00"}, {"session set-up", "21 00"}, {"OEM", "00 00"}, {"reserved", "00 00"},
	})
	comparePieces(t, ipmi.AppendPayloadStatus(nil, 2, 0x0102), []piece{{"capacity", "02"}, {"instances 1 to 8", "02"}, {"9 to 16", "01"}})
	comparePieces(t, ipmi.AppendPayloadVersion(nil), []piece{{"1.0", "10"}})
	comparePieces(t, ipmi.AppendPayloadAccess(nil, ipmi.PayloadAccess{Standard: 2, OEM: 1}), []piece{{"SOL, OEM 20h", "02000100"}})
	comparePieces(t, ipmi.AppendPayloadInstance(nil, 0x01020304), []piece{{"session", "04030201"}, {"information", "0000000000000000"}})
}
