package modem

import (
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

func TestBringUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		b.up()
		want := Identity{
			Manufacturer: "Simulated", Model: "M1", Revision: "Revision: 1.0", IMEI: "490154203237518",
			IMSI: "262011234567890", ICCID: "89490200001234567890", Number: "+491700000001", SMSC: "+491710760000",
		}
		if diff := cmp.Diff(want, b.Identity()); diff != "" {
			t.Error(diff)
		}
		status := Status{
			Registered: true, Reg: 1, PSReg: 1, EPSReg: 1, IMS: -1, Service: -1, Technology: 7,
			RSSI: -73, Operator: "Net One", StoreTotal: 20, Serving: "26201", Home: "26201",
			Verdict: "ready, registered on Net One, signal -73 dBm",
		}
		if diff := cmp.Diff(status, b.Status()); diff != "" {
			t.Error(diff)
		}
	})
}
