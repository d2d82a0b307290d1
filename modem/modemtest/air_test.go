package modemtest

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wvsms/pdu"
	"wvsms/pdu/wdp"
)

// onAir runs f with an air that is running.
func onAir(t *testing.T, o AirOptions, f func(a *Air)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		a := NewAir(o)
		ctx, end := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		wg.Go(func() { a.Run(ctx) })
		f(a)
		end()
		wg.Wait()
	})
}

// messages collects what a handset gets, in the order of coming.
func messages(h *Handset) *[]*pdu.Deliver {
	var got []*pdu.Deliver
	h.OnMessage(func(_ *Handset, d *pdu.Deliver) { got = append(got, d) })
	return &got
}

// later lets the air come to rest.
func later(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestLossDuplicationReordering(t *testing.T) {
	const n = 400
	run := func(o AirOptions) (order string, c Counts) {
		onAir(t, o, func(a *Air) {
			got := messages(a.NewHandset("+491702", nil))
			h := a.NewHandset("+491701", nil)
			for i := range n {
				if err := h.SendText("+491702", string(rune('A'+i%26))); err != nil {
					t.Fatal(err)
				}
				later(100 * time.Millisecond)
			}
			later(time.Minute)
			c = a.Counts()
			for _, d := range *got {
				text, _ := d.UD.Text(d.DCS)
				order += text
			}
		})
		return order, c
	}
	inOrder := strings.Repeat("ABCDEFGHIJKLMNOPQRSTUVWXYZ", n/26+1)[:n]

	if order, _ := run(AirOptions{Delay: time.Second}); order != inOrder {
		t.Error("without chance, messages are lost or out of order")
	}
	if order, c := run(AirOptions{Loss: 0.1}); c.Lost < n/20 || c.Lost > n/5 || len(order) != n-c.Lost {
		t.Errorf("with a loss of 10 %%: %v, %d came", c, len(order))
	}
	if order, c := run(AirOptions{Duplicate: 0.1}); c.Duplicated < n/20 || c.Duplicated > n/5 || len(order) != n+c.Duplicated {
		t.Errorf("with 10 %% twice: %v, %d came", c, len(order))
	}
	reorder := AirOptions{Seed: 5, Reorder: 0.1}
	order, _ := run(reorder)
	if len(order) != n || order == inOrder {
		t.Errorf("with 10 %% overtaken, %d came, in order: %v", len(order), order == inOrder)
	}
	if again, _ := run(reorder); again != order {
		t.Error("one seed, two orders")
	}
	reorder.Seed = 6
	if other, _ := run(reorder); other == order {
		t.Error("two seeds, one order")
	}
}

func TestStripping(t *testing.T) {
	octets := pdu.UserData{UDHI: true, Data: []byte("x"), UDH: []pdu.IE{
		pdu.ConcatIE(pdu.Concat{Ref: 7, Bits: 8, Total: 2, Seq: 1}), pdu.PortIE(3590, 3590),
	}}
	text, err := pdu.GSM7UserData("grüße", octets.UDH...)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		o    AirOptions
		want []pdu.IE
	}{
		"nothing":      {AirOptions{}, octets.UDH},
		"source ports": {AirOptions{ZeroSource: true}, []pdu.IE{octets.UDH[0], pdu.PortIE(3590, 0)}},
		"ports":        {AirOptions{StripPorts: true}, octets.UDH[:1]},
		"headers":      {AirOptions{StripUDH: true}, nil},
	} {
		onAir(t, test.o, func(a *Air) {
			got := messages(a.NewHandset("+491702", nil))
			h := a.NewHandset("+491701", nil)
			h.SendUserData("+491702", pdu.DCSOctet, octets)
			h.SendUserData("+491702", pdu.DCSGSM7, text)
			later(time.Second)
			if len(*got) != 2 {
				t.Fatalf("%s: %d came", name, len(*got))
			}
			for i, d := range *got {
				if !equalIEs(d.UD.UDH, test.want) {
					t.Errorf("%s: message %d has the header %v, want %v", name, i, d.UD.UDH, test.want)
				}
			}
			if s, _ := (*got)[1].UD.Text(pdu.DCSGSM7); s != "grüße" {
				t.Errorf("%s: the text became %q", name, s)
			}
			if string((*got)[0].UD.Data) != "x" {
				t.Errorf("%s: the octets became %q", name, (*got)[0].UD.Data)
			}
		})
	}
}

func equalIEs(a, b []pdu.IE) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].ID != b[i].ID || string(a[i].Data) != string(b[i].Data) {
			return false
		}
	}
	return true
}

func TestNumbers(t *testing.T) {
	onAir(t, AirOptions{}, func(a *Air) {
		got := messages(a.NewHandset("+491702", nil))
		h := a.NewHandset("+491701", nil)
		for _, to := range []string{"+491702", "491702", "00491702", "01702"} {
			if err := h.SendText(to, "hi"); err != nil {
				t.Error(err)
			}
		}
		h.SendText("+491703", "nobody")
		h.SendText("110", "nobody")
		later(time.Second)
		if len(*got) != 4 {
			t.Errorf("%d of 4 ways to write a number arrived", len(*got))
		}
		if c := a.Counts(); c.Unknown != 2 {
			t.Errorf("%v, want two unknown", c)
		}
		if err := h.SendText("abc+", "hi"); err == nil {
			t.Error("a number that is none was taken")
		}
	})
}

func TestRefusal(t *testing.T) {
	busy := true
	inLab(t, AirOptions{Refuse: func(from string, s *pdu.Submit) int {
		if busy {
			return 192
		}
		return 0
	}}, ModemOptions{}, func(l *lab) {
		l.talk(quietly + prompted + "< +CMS ERROR: 192")
		busy = false
		l.talk(prompted + "< +CMGS: 2\n< OK")
	})
}

// TestRejectDuplicates: TP-RD compares TP-MR, which a modem never repeats.
func TestRejectDuplicates(t *testing.T) {
	onAir(t, AirOptions{}, func(a *Air) {
		to := a.NewHandset("+491702", nil)
		to.SwitchOff()
		got := messages(to)
		da, _ := pdu.ParseNumber("+491702")
		s := &pdu.Submit{RD: true, MR: 9, DA: da}
		if cause := a.submit("+491701", s); cause != 0 {
			t.Fatalf("the first is refused: %d", cause)
		}
		later(time.Second)
		if cause := a.submit("+491701", s); cause != 197 {
			t.Errorf("the second while the first waits: %d, want 197", cause)
		}
		to.SwitchOn()
		later(time.Second)
		if cause := a.submit("+491701", s); cause != 0 {
			t.Errorf("the first is gone, the second still refused: %d", cause)
		}
		later(time.Second)
		if len(*got) != 2 {
			t.Errorf("%d came, want 2", len(*got))
		}
	})
}

func TestMoreToSend(t *testing.T) {
	onAir(t, AirOptions{Retry: time.Second}, func(a *Air) {
		to := a.NewHandset("+491702", nil)
		got := messages(to)
		to.SwitchOff()
		for range 3 {
			a.NewHandset("+491701", nil).SendText("+491702", "hi")
		}
		later(time.Minute)
		to.SwitchOn()
		later(time.Second)
		if len(*got) != 3 || !(*got)[0].MoreToSend || !(*got)[1].MoreToSend || (*got)[2].MoreToSend {
			t.Errorf("the three say %v", *got)
		}
	})
}

func TestAndroid(t *testing.T) {
	onAir(t, AirOptions{}, func(a *Air) {
		var src uint16 = 1
		a.NewHandset("+491702", func(_ *Handset, _ string, d wdp.Datagram) { src = d.Src })
		h := a.NewHandset("+491701", nil)
		h.Android(true)
		h.Send("+491702", wdp.Datagram{Dst: 3590, Src: 3590, Data: []byte("x")})
		later(time.Second)
		if src != 0 {
			t.Errorf("source port %d, want 0", src)
		}
	})
}

// TestAnswerFromTheCallback: a service answers while it is being called.
func TestAnswerFromTheCallback(t *testing.T) {
	onAir(t, AirOptions{}, func(a *Air) {
		a.NewHandset("+491702", func(h *Handset, from string, d wdp.Datagram) {
			if err := h.Send(from, wdp.Datagram{Dst: d.Dst, Data: []byte("pong")}); err != nil {
				t.Error(err)
			}
		})
		var got string
		h := a.NewHandset("+491701", func(_ *Handset, _ string, d wdp.Datagram) { got = string(d.Data) })
		if err := h.Send("+491702", wdp.Datagram{Dst: 3590, Data: []byte("ping")}); err != nil {
			t.Fatal(err)
		}
		later(time.Second)
		if got != "pong" {
			t.Errorf("got %q", got)
		}
	})
}

// TestTwoModems: what the bridge's own tests stand on.
func TestTwoModems(t *testing.T) {
	inLab(t, AirOptions{Delay: time.Second}, ModemOptions{}, func(l *lab) {
		other := l.air.NewModem(ModemOptions{Number: "+491702"})
		te := l.plug(other)
		defer te.Close()
		Talk(t, te, quietly+"> AT+CNMI=2,1\n< OK")
		l.talk(quietly + prompted + "< +CMGS: 1\n< OK")
		Talk(t, te, "< +CMTI: \"SM\",1\n> AT+CMGL=4\n< +CMGL: 1,0,,21\n<~ .*05E8329BFD06\n< OK")
	})
}

// TestDatagrams sends datagrams of all sizes from a handset to a handset,
// through everything that an air may do but losing them.
func TestDatagrams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lab{T: t, air: NewAir(AirOptions{
			Seed: 1, Delay: 50 * time.Millisecond, Jitter: time.Second, Duplicate: 0.3, Reorder: 0.3, ZeroSource: true,
		})}
		ctx, end := context.WithCancel(context.Background())
		l.wg.Go(func() { l.air.Run(ctx) })
		var got []wdp.Datagram
		l.air.NewHandset("+491702", func(_ *Handset, from string, d wdp.Datagram) {
			if from != "+491701" {
				t.Errorf("from %s", from)
			}
			got = append(got, d)
		})
		h := l.air.NewHandset("+491701", nil)
		sizes := []int{0, 1, 133, 134, 1000, wdp.MaxSize}
		for _, n := range sizes {
			d := wdp.Datagram{Dst: 3590, Src: 3590, Data: []byte(strings.Repeat("x", n))}
			if err := h.Send("+491702", d); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		sum := map[int]int{}
		for _, d := range got {
			if d.Src != 0 || d.Dst != 3590 {
				t.Errorf("ports %d %d", d.Dst, d.Src)
			}
			sum[len(d.Data)]++
		}
		for _, n := range sizes {
			// A datagram of one segment has nothing that tells its copy.
			if sum[n] != 1 && !(sum[n] == 2 && n <= 133) {
				t.Errorf("%d octets came %d times", n, sum[n])
			}
		}
		end()
		l.wg.Wait()
	})
}

// Whoever judges a run hears of every message what became of it.
func TestSightings(t *testing.T) {
	for name, test := range map[string]struct {
		o    AirOptions
		to   string
		want string
	}{
		"handed":  {AirOptions{}, "+491702", "taken handed"},
		"doubled": {AirOptions{Duplicate: 1}, "+491702", "taken doubled handed handed"},
		"lost":    {AirOptions{Loss: 1}, "+491702", "taken lost"},
		"nobody":  {AirOptions{}, "+491709", "taken dropped"},
		"expired": {AirOptions{}, "+491703", "taken dropped"},
		"refused": {AirOptions{Refuse: func(string, *pdu.Submit) int { return 38 }}, "+491702", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var fates []string
			test.o.Seen = func(s Sighting) {
				fates = append(fates, string(s.Fate))
				if s.From != "491701" || "+"+s.To != test.to || string(s.UD.Data) != "hello" {
					t.Errorf("saw %+v", s)
				}
			}
			onAir(t, test.o, func(a *Air) {
				h := a.NewHandset("+491701", nil)
				a.NewHandset("+491702", nil)
				a.NewHandset("+491703", nil).SwitchOff()
				// A status report is the network's own message: nobody hears of it.
				s := &pdu.Submit{DCS: pdu.DCSOctet, SRR: true, VP: pdu.RelativeValidity(5 * time.Minute), UD: pdu.UserData{Data: []byte("hello")}}
				if err := h.Submit(s, test.to); err != nil && name != "refused" {
					t.Fatal(err)
				}
				later(10 * time.Minute)
			})
			if got := strings.Join(fates, " "); got != test.want {
				t.Errorf("saw %q, want %q", got, test.want)
			}
		})
	}
}
