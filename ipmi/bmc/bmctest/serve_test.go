package bmctest

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A BMC lets its account in and its machine is on, also after a power off.
func TestServe(t *testing.T) {
	b, at := Serve(t, []bmc.Account{{Name: "operator", Password: "S3cretWord", Privilege: ipmi.Operator}}, 17)
	c, err := remote.Dial(at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Timeout = 5 * time.Second
	suite, err := ipmi.CipherSuiteByID(17)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Login(t.Context(), remote.Login{Suite: suite, User: "operator", Password: "S3cretWord", Privilege: ipmi.Operator})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(b.Sessions()); n != 1 {
		t.Errorf("%d sessions, want 1", n)
	}
	if res, err := s.Command(t.Context(), ipmi.NetFnChassis, 0x02, []byte{byte(ipmi.ChassisPowerDown)}); err != nil || res.Code != ipmi.Completed {
		t.Fatalf("power off: %s, error %v", res.Code, err)
	}
	res, err := s.Command(t.Context(), ipmi.NetFnChassis, 0x01, nil)
	if err != nil || res.Code != ipmi.Completed {
		t.Fatalf("chassis status: %s, error %v", res.Code, err)
	}
	if status, err := ipmi.ParseChassisStatus(res.Data); err != nil || !status.On {
		t.Errorf("%+v, error %v; want on", status, err)
	}
}
