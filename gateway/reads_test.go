package gateway

import (
	"testing"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// While something is written to the state file, reads are answered all the same.
func TestReadsWaitForNoDisk(t *testing.T) {
	_, l, _, s := oneVM(t)
	wantStatus(t, s, "on")
	tenant := l.gw.served()[0]
	ledger, boot := tenant.ledger, tenant.endpoints[tenant.serving()[0].Key].machine.boot
	ledger.writing.Lock()
	defer ledger.writing.Unlock()
	boot.mu.Lock()
	defer boot.mu.Unlock()
	command(t, s, ipmi.NetFnChassis, cmdPOH)
	command(t, s, ipmi.NetFnChassis, cmdGetBoot, 5, 0, 0)
	wantStatus(t, s, "on")
}

// A cycle interval that is set while the ledger is stored is there after a restart.
func TestCycleIntervalSetWhileStored(t *testing.T) {
	_, l, _, _ := oneVM(t)
	tenant := l.gw.served()[0]
	vms := tenant.serving()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 20 {
			if err := tenant.ledger.save(vms); err != nil {
				t.Error(err)
			}
		}
	}()
	for range 20 {
		if err := tenant.ledger.setCycleTime(vms[0].Key, 0); err != nil {
			t.Error(err)
		}
	}
	<-done
	stored, err := l.gw.state().BMCs()
	if err != nil || len(stored) != 1 || stored[0].CycleOff == nil || *stored[0].CycleOff != 0 {
		t.Errorf("stored %+v, %v; want a cycle interval of 0", stored, err)
	}
}
