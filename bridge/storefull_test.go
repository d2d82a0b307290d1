package bridge

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"wvsms/modem/modemtest"
)

// byHand talks to a modem as somebody does who uses it without the bridge.
func (r *rig) byHand(modem string, commands ...string) {
	r.t.Helper()
	ours, theirs := net.Pipe()
	r.on.Go(func() { r.sims[modem].Serve(r.ctx, theirs) })
	defer ours.Close()
	answers := make(chan string, 64)
	go func() {
		in := bufio.NewScanner(ours)
		in.Split(func(data []byte, eof bool) (int, []byte, error) {
			if strings.HasSuffix(string(data), "> ") {
				return len(data), []byte("> "), nil
			}
			return bufio.ScanLines(data, eof)
		})
		for in.Scan() {
			if line := strings.TrimSpace(in.Text()); line == "OK" || line == ">" || strings.Contains(line, "ERROR") {
				answers <- line
			}
		}
		close(answers)
	}()
	for _, c := range commands {
		if _, err := ours.Write([]byte(c)); err != nil {
			r.t.Fatal(err)
		}
		if answer := <-answers; answer != "OK" && answer != ">" {
			r.t.Fatalf("%q: %s", c, answer)
		}
	}
}

// A store that somebody has filled before, with messages that he has read, drafts and
// sent ones: what was received is set aside and taken out, drafts are left, or set aside
// too where the user says so.
func TestStoreFilledBefore(t *testing.T) {
	const draft = "001100048111220004A704%08X\x1a" // SMS-SUBMIT to 1122
	for _, drafts := range []string{"keep", "archive"} {
		t.Run(drafts, func(t *testing.T) {
			change := func(c *Config) { c.Modems[0].ArchiveDrafts = drafts == "archive" }
			o := modemtest.ModemOptions{Profile: modemtest.Generic, SIMSlots: 5, MESlots: 5}
			inRigOf(t, o, modemtest.AirOptions{}, change, func(r *rig) {
				r.stop()
				setUp := []string{"ATE0\r", "AT+CMGF=0\r", "AT+CPMS=\"ME\",\"ME\",\"ME\"\r"}
				r.byHand("m0", setUp...)
				h := r.air.NewHandset(phone, nil)
				for i := range 3 {
					if err := h.SendText(ownNumber, fmt.Sprintf("text %d", i)); err != nil {
						t.Fatal(err)
					}
				}
				r.settle(10 * time.Minute)
				r.byHand("m0", append(setUp, "AT+CMGL=4\r",
					"AT+CMGW=14\r", fmt.Sprintf(draft, 1), "AT+CMGW=14,3\r", fmt.Sprintf(draft, 2))...)
				if stored := r.air.Counts(); stored.Pending != 0 {
					t.Fatalf("%+v", stored)
				}
				r.start()
				r.settle(20 * time.Minute)
				reasons := map[string]int{}
				for _, row := range r.quarantine() {
					reasons[fmt.Sprint(row["reason"])]++
				}
				want, used := "map[text:3]", 2
				if drafts == "archive" {
					want, used = "map[draft:2 text:3]", 0
				}
				if got := fmt.Sprint(reasons); got != want {
					t.Errorf("set aside: %s, want %s", got, want)
				}
				if v := r.modemInfo("m0"); v.StoreUsed != used || v.StoreTotal != 5 {
					t.Errorf("store: %d of %d used, want %d of 5", v.StoreUsed, v.StoreTotal, used)
				}
				r.alive()
			})
		})
	}
}
