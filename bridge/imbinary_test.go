package bridge

import (
	"testing"

	"wvsms/csp"
	"wvsms/modem/modemtest"
	"wvsms/pdu"
)

// onAir looks at what is on air: WBXML, with less octets than the XML has.
type onAir struct {
	t      *testing.T
	octets int // TP-UD without headers
}

func (b *onAir) taken(_ string, s *pdu.Submit) {
	b.octets += len(s.UD.Data)
	part, several := s.UD.Concat()
	ports, _ := s.UD.Ports()
	if first := !several || part.Seq == 1; ports.Dst != modemtest.IMPort || first && csp.Detect(s.UD.Data) != csp.WBXML {
		b.t.Errorf("on air is for port %d, and begins with %x", ports.Dst, s.UD.Data[:min(len(s.UD.Data), 16)])
	}
}

func (b *onAir) check(xml ...[]string) {
	b.t.Helper()
	octets := 0
	for _, messages := range xml {
		for _, m := range messages {
			octets += len(m)
		}
	}
	if b.octets*2 > octets {
		b.t.Errorf("%d octets of XML are %d on air", octets, b.octets)
	}
}

// asXML gives a document in the one way to write it in XML, also if it is WBXML.
func asXML(t *testing.T) func(string) string {
	return func(m string) string {
		doc := []byte(m)
		if csp.Detect(doc) == csp.WBXML {
			var err error
			if doc, err = csp.ToXML(doc); err != nil {
				t.Errorf("read WBXML: %v", err)
			}
		}
		return canonical(t, doc)
	}
}

// inVersions runs f with each version of CSP, in the network that does the most.
func inVersions(t *testing.T, f func(t *testing.T, w weather, version string, change func(*Config), air *onAir)) {
	versions := []string{"1.1", "1.2", "1.3"}
	if brief() {
		versions = versions[1:2]
	}
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w, air := weathers[len(weathers)-1], &onAir{t: t}
			w.air.Taken = air.taken
			f(t, w, version, func(c *Config) { c.CSP.Transcode, c.Limits.SegmentsPerDay = "wbxml", 0 }, air)
		})
	}
}

// Programs speak XML on the sockets of two bridges, and WBXML is on air between them.
func TestIMInXML(t *testing.T) {
	inVersions(t, func(t *testing.T, w weather, version string, change func(*Config), air *onAir) {
		inRigs(t, w.air, change, func(a, b *rig) {
			c := newIMClient(modemtest.IMClientOptions{Server: farNumber, Tries: w.tries, Syntax: csp.XML, Version: version})
			s := newIMService(w.tries)
			client, service := a.program(c), b.program(s)
			a.script(c, client.act)
			form := asXML(t)
			checkIMIn(t, c, s, service, w.tries, form)
			got, sent := client.spoken()
			heard, said := service.spoken()
			checkOnce(t, sent, heard, form)
			checkOnce(t, said, got, form)
			air.check(sent, said)
			w.check(t, a.air)
			client.close()
			service.close()
		})
	})
}

// A handset speaks WBXML, and the program on the socket XML.
func TestIMFromBinaryHandset(t *testing.T) {
	inVersions(t, func(t *testing.T, w weather, version string, change func(*Config), air *onAir) {
		inRig(t, w.air, change, func(r *rig) {
			c := newIMClient(modemtest.IMClientOptions{Server: ownNumber, Tries: w.tries, Syntax: csp.WBXML, Version: version})
			s := newIMService(w.tries)
			service := r.program(s)
			r.script(c, r.air.NewIMHandset(phone, c).Act)
			checkIMIn(t, c, s, service, w.tries, asXML(t))
			heard, said := service.spoken()
			for _, m := range append(heard, said...) {
				if csp.Detect([]byte(m)) != csp.XML {
					t.Errorf("on the socket is %q", m)
				}
			}
			service.close()
		})
	})
}
