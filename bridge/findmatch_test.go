package bridge

import (
	"path/filepath"
	"testing"
	"time"

	"wvsms/modem/modemtest"
)

// Who says which modem is meant comes before who takes any, whatever comes first.
func TestFindMatch(t *testing.T) {
	for name, device := range map[string]string{
		"ids":    `{ vid = "2c7c", pid = "0125" }`,
		"socket": `{ usb = "1-3" }`,
		"IMEI":   `{ imei = "350000000000030" }`,
		"all":    `{ vid = "2C7C", pid = "0125", usb = "1-3", imei = "350000000000030" }`,
	} {
		t.Run(name, func(t *testing.T) {
			onBus(t, []string{`"auto"`, device, `"auto"`}, func(r *busRig) {
				last, mine := r.stick(1, modemtest.Huawei), r.stick(3, modemtest.Quectel)
				r.plug("1-3", mine)
				r.settle(15 * time.Second)
				r.holds("m0", nil)
				r.holds("m1", mine)
				r.plug("1-4", last)
				r.holds("m0", last)
				r.verdict("m2", "12d1:1001 in 1-4 is modem m0's", "2c7c:0125 in 1-3 is modem m1's")
			})
		})
	}
	// Found before the others are asked, and after an auto has had it.
	t.Run("first", func(t *testing.T) {
		onBus(t, []string{`"auto"`, `{ imei = "350000000000030" }`}, func(r *busRig) {
			other, mine := r.stick(1, modemtest.Quectel), r.stick(3, modemtest.Quectel)
			other.Fault(modemtest.Fault{Kind: modemtest.Deaf})
			r.plug("1-1", other)
			r.plug("1-2", mine)
			r.holds("m1", mine)
			r.holds("m0", other)
			r.rig.stop()
			r.cfg.Modems[1].Match.IMEI = "350000000000010"
			r.start()
			r.holds("m1", other)
			r.settle(strangerGrace)
			r.holds("m0", mine)
		})
	})
	// One that describes its modem takes one that is nobody's, if it can choose; and not
	// another's when its own is away.
	t.Run("spares", func(t *testing.T) {
		onBus(t, []string{`"auto"`, `{ vid = "2c7c" }`}, func(r *busRig) {
			a, b := r.stick(1, modemtest.Quectel), r.stick(3, modemtest.Quectel)
			r.plug("1-2", b)
			r.holds("m1", b)
			r.plug("1-1", a)
			r.holds("m0", a)
			r.bus.Unplug("1-2")
			r.bus.Unplug("1-1")
			r.settle(10 * time.Minute)
			r.plug("1-1", a)
			r.holds("m0", a)
			r.holds("m1", nil)
			r.rig.stop()
			r.cfg.Modems[1].Name = "new"
			r.plug("1-2", b)
			r.settle(10 * time.Second)
			r.start()
			r.holds("m0", a)
			r.holds("new", b)
		})
	})
	t.Run("nothing fits", func(t *testing.T) {
		onBus(t, []string{`{ vid = "2c7c", imei = "350000000000090" }`, `{ serial = "none has it" }`}, func(r *busRig) {
			r.plug("1-3", r.stick(3, modemtest.Quectel))
			r.holds("m0", nil)
			r.verdict("m0", "that fits vid=2c7c imei=350000000000090", "2c7c:0125 in 1-3 has IMEI 350000000000030")
			r.verdict("m1", "no modem on USB that fits serial=none has it yet")
		})
	})
	t.Run("serial", func(t *testing.T) {
		onBus(t, []string{`{ serial = "350000000000040" }`}, func(r *busRig) {
			numbered := modemtest.Quectel
			numbered.USB.Serial = true
			r.plug("1-1", r.stick(3, numbered))
			right := r.stick(4, numbered)
			r.plug("1-2", right)
			r.holds("m0", right)
		})
	})
}

// Nobody's printer gets AT commands: neither who is unknown nor what is a UART, unless
// it is named; and what is no modem is explained.
func TestFindLeavesAlone(t *testing.T) {
	unknown := func(vid, pid uint16, driver string, class uint8, role modemtest.Role) modemtest.Profile {
		p := modemtest.Generic
		p.USB = modemtest.USB{VID: vid, PID: pid, Interfaces: []modemtest.USBInterface{{Class: class, Driver: driver, Role: role}}}
		return p
	}
	// A port of role Diag tells whoever writes to it.
	uart := unknown(0x10c4, 0xea60, "cp210x", 0xff, modemtest.Diag)
	board := unknown(0x2341, 0x0043, "cdc_acm", 0x02, modemtest.Diag) // ACM, and says no AT
	option := unknown(0xdead, 0xbeef, "option", 0xff, modemtest.Diag)
	onBus(t, []string{`"auto"`, `{ vid = "dead", pid = "0001" }`}, func(r *busRig) {
		for socket, p := range map[string]modemtest.Profile{"1-1": uart, "1-2": board, "1-3": option} {
			r.plug(socket, r.stick(1+int(socket[2]-'0'), p))
		}
		r.plug("1-4", r.stick(8, unknown(0x12d1, 0x14dc, "cdc_ether", 0x02, modemtest.NoTTY)))
		r.plug("1-5", r.stick(9, unknown(0x2c7c, 0x0999, "usb-storage", 0x08, modemtest.NoTTY)))
		r.settle(5 * time.Minute)
		r.verdict("m0", "no modem on USB yet", "12d1:14dc in 1-4: the stick is in HiLink mode", "2c7c:0999 in 1-5 shows no terminal but a disk (ZeroCD): usb_modeswitch")
		// Named, an unknown maker's may be asked.
		named := r.stick(1, unknown(0xdead, 0x0001, "option", 0xff, modemtest.ATPort))
		r.plug("1-6", named)
		r.holds("m1", named)
	})
}

// What a [[modem]] names by its path is its own, also while it is not open.
func TestFindNamedByPath(t *testing.T) {
	onBus(t, []string{`"auto"`}, func(r *busRig) {
		r.rig.stop()
		r.cfg.Modems = append(r.cfg.Modems, ModemConfig{Name: "path", Device: filepath.Join(r.bus.Dev(), "ttyUSB2")})
		a, b := r.stick(1, modemtest.Quectel), r.stick(2, modemtest.Quectel)
		r.plug("1-1", a)
		r.settle(10 * time.Second)
		r.start()
		r.holds("m0", nil)
		r.verdict("m0", "2c7c:0125 in 1-1 is named by path in another [[modem]]")
		r.plug("1-2", b)
		r.holds("m0", b)
		r.settle(time.Minute)
		r.holds("path", a)
	})
}
