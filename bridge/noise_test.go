package bridge

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"wvsms/modem"
	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
)

// A spoiler damages each line of a modem that tells of a stored message.
type spoiler struct {
	net.Conn
	mu     sync.Mutex
	random *rand.Rand
	spoilt int
}

func (s *spoiler) Write(b []byte) (int, error) {
	s.mu.Lock()
	for {
		i := bytes.Index(b, []byte("+CMTI"))
		if i < 0 {
			break
		}
		s.spoilt++
		b = bytes.Clone(b)
		for j := i; j < len(b) && b[j] != '\r'; j++ {
			b[j] = byte(1 + s.random.IntN(255))
		}
	}
	s.mu.Unlock()
	n, err := s.Conn.Write(b)
	return n, err
}

func (s *spoiler) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spoilt
}

// Noise between the codes, and in place of each +CMTI: what lies in the store is found,
// also more than it holds at a time.
func TestNoTellingOfStored(t *testing.T) {
	const messages = 60 // the stores hold 5 each
	inRigOf(t, modemtest.ModemOptions{Profile: modemtest.Generic, SIMSlots: 5, MESlots: 5}, modemtest.AirOptions{}, nil, func(r *rig) {
		s := &spoiler{random: rand.New(rand.NewPCG(35, 90))}
		r.line = func(c net.Conn) net.Conn { s.Conn = c; return s }
		r.sims["m0"].HangUp()
		r.settle(time.Minute)
		h := r.air.NewHandset(phone, nil)
		for i := range messages {
			if err := h.Send(ownNumber, wdp.Datagram{Dst: 3590, Data: []byte(fmt.Sprintf("message %d", i))}); err != nil {
				t.Fatal(err)
			}
		}
		r.settle(time.Second)
		if r.sims["m0"].Stored("MT") == 0 || s.count() == 0 {
			t.Fatalf("%d are stored, %d codes were spoilt: the test tests nothing", r.sims["m0"].Stored("MT"), s.count())
		}
		noise := []string{"\x00\xFF\xFE", "\r\n\r\n>", "^RSSI:1", "+CMTI", "\r\n+CMT: ,5\r\n", "+CMS ERROR: 500\r\n", "OK\r\n"}
		for i := range 4 * 60 {
			r.sims["m0"].Put(noise[i%len(noise)])
			r.settle(15 * time.Second)
		}
		got := map[string]int{}
		for _, m := range r.messages() {
			got[string(m.Payload)]++
		}
		for i := range messages {
			if n := got[fmt.Sprintf("message %d", i)]; n != 1 {
				t.Errorf("message %d arrived %d times", i, n)
			}
		}
		if stored, c := r.sims["m0"].Stored("MT"), r.air.Counts(); stored != 0 || c.Pending != 0 {
			t.Errorf("%d are in the modem's store, the network: %v", stored, c)
		}
	})
}

// A store that was full before the bridge came tells of nothing: it is swept.
func TestFullStoreIsSwept(t *testing.T) {
	profiles := modemtest.Profiles
	if brief() {
		profiles = []modemtest.Profile{modemtest.Generic, modemtest.Huawei, modemtest.SIMCom, modemtest.A7670E}
	}
	for _, profile := range profiles {
		if profile.NoSMS {
			continue
		}
		t.Run(profile.Name, func(t *testing.T) {
			change := func(c *Config) { c.Modems[0].Receive = modem.ReceiveStore }
			inRigOf(t, modemtest.ModemOptions{Profile: profile, SIMSlots: 3, MESlots: 3}, modemtest.AirOptions{}, change, func(r *rig) {
				h := r.air.NewHandset(phone, nil)
				r.stop()
				for i := range 12 {
					if err := h.Send(ownNumber, wdp.Datagram{Dst: 3590, Data: []byte(fmt.Sprintf("message %d", i))}); err != nil {
						t.Fatal(err)
					}
				}
				r.settle(time.Hour)
				r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, At: modemtest.Data, Text: "+CMS ERROR: 322"})
				r.start()
				id := r.accept(Request{To: phone, Payload: []byte("out")})
				r.settle(time.Hour)
				if n := len(r.messages()); n != 12 {
					t.Errorf("%d of 12 arrived", n)
				}
				if stored, c := r.sims["m0"].Stored("SM")+r.sims["m0"].Stored("ME"), r.air.Counts(); stored != 0 || c.Pending != 0 {
					t.Errorf("%d are in the modem's store, the network: %v", stored, c)
				}
				if s := r.outbound(id).State; s != "sent" {
					t.Errorf("what was sent meanwhile is %s", s)
				}
			})
		})
	}
}
