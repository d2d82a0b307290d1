package doctor

import (
	"context"
	"encoding/json"
	"fmt"

	"wvsms/bridge"
	"wvsms/modem"
)

// heldByBridge asks the bridge that has the port how its modem is; false if that is
// not who has it.
func (d *doctor) heldByBridge(ctx context.Context, c bridge.ModemConfig, p *modem.PortError) bool {
	if p.Holder.PID != 0 && p.Holder.Name != "wvsms" || d.o.Info == nil {
		return false
	}
	addresses := d.cfg.Socket.Listen
	if d.cfg.Socket.Unix != "" {
		addresses = append([]string{d.cfg.Socket.Unix}, addresses...)
	}
	for _, addr := range addresses {
		ctx, cancel := context.WithTimeout(ctx, queryLimit)
		text, err := d.o.Info(ctx, addr)
		cancel()
		if err != nil {
			continue
		}
		var info struct {
			Modems []struct {
				Name, Verdict, Model, IMEI, Device string
				Ready, Sends                       bool
			}
		}
		if json.Unmarshal(text, &info) != nil {
			continue
		}
		for _, m := range info.Modems {
			if m.Name != c.Name && (m.Device == "" || m.Device != c.Device) {
				continue
			}
			state := Fail
			if m.Ready && m.Sends {
				state = Good
			}
			d.say("port", Good, fmt.Sprintf("%s is held by the bridge at %s, as it should be", c.Device, addr), "")
			d.say("network", state, fmt.Sprintf("the bridge says of %s: %s", m.Name, m.Verdict), "to examine the modem itself, stop the bridge: sudo systemctl stop wvsms")
			return true
		}
	}
	return false
}
