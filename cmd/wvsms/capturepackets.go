package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"wvsms/bridge"
)

const (
	// linkUser0 is what tcpdump.org leaves to private use (DLT_USER0): no link type is
	// that of a TPDU. docs/capture.md says how Wireshark reads it.
	linkUser0 layers.LinkType = 147

	// resultWait is how long a packet waits for what became of it, which its comment says.
	resultWait = 10 * time.Second
)

// A packetSink writes pcapng: a packet a TPDU, an interface a modem. Directions are those
// of the SC, as Wireshark takes them: what a mobile sends comes in.
type packetSink struct {
	w       *pcapgo.NgWriter
	modems  []string // by number of the interface
	held    []heldPacket
	dropped uint64 // and not written yet
}

// A heldPacket was submitted; what became of it is not known yet.
type heldPacket struct {
	bridge.Passage
	since time.Time // by our own clock
}

func newPacketSink(out io.Writer, modems []string) (*packetSink, error) {
	if len(modems) == 0 {
		return nil, fmt.Errorf("the bridge has no modem")
	}
	s := &packetSink{modems: modems}
	var err error
	s.w, err = pcapgo.NewNgWriterInterface(out, packetInterface(modems[0]), pcapgo.NgWriterOptions{SectionInfo: pcapgo.NgSectionInfo{Application: "wvsms"}})
	for _, name := range modems[1:] {
		if err == nil {
			_, err = s.w.AddInterface(packetInterface(name))
		}
	}
	if err != nil {
		return nil, err
	}
	return s, s.w.Flush()
}

func packetInterface(modem string) pcapgo.NgInterface {
	return pcapgo.NgInterface{Name: modem, LinkType: linkUser0, TimestampResolution: 9}
}

func (s *packetSink) put(p bridge.Passage) error {
	switch p.Kind {
	case "dropped":
		s.dropped += uint64(p.Dropped)
		return nil
	case "submit":
		s.held = append(s.held, heldPacket{p, time.Now()})
		return nil
	case "result":
		// One is under way by a modem at a time.
		i := slices.IndexFunc(s.held, func(h heldPacket) bool { return h.Modem == p.Modem && h.ID == p.ID })
		if i < 0 {
			return nil // it took too long
		}
		held := s.held[i]
		s.held = slices.Delete(s.held, i, i+1)
		return s.write(held.Passage, fmt.Sprintf("%s after %v", tellOutcome(p), p.At.Sub(held.At).Round(time.Millisecond)))
	}
	return s.write(p, p.Kind)
}

// tick writes what waits for too long.
func (s *packetSink) tick(now time.Time) error {
	for len(s.held) > 0 && now.Sub(s.held[0].since) >= resultWait {
		held := s.held[0]
		s.held = s.held[1:]
		if err := s.write(held.Passage, "no answer yet"); err != nil {
			return err
		}
	}
	return nil
}

func (s *packetSink) end() error {
	for _, held := range s.held {
		if err := s.write(held.Passage, "no answer yet"); err != nil {
			return err
		}
	}
	return nil
}

// write writes one packet, for who reads along.
func (s *packetSink) write(p bridge.Passage, what string) error {
	if len(p.TPDU) == 0 {
		return nil
	}
	i := slices.Index(s.modems, p.Modem)
	if i < 0 { // the bridge has changed
		var err error
		if i, err = s.w.AddInterface(packetInterface(p.Modem)); err != nil {
			return err
		}
		s.modems = append(s.modems, p.Modem)
	}
	flags := &pcapgo.NgEpbFlags{Direction: pcapgo.NgEpbFlagDirectionInbound}
	if p.In {
		flags.Direction = pcapgo.NgEpbFlagDirectionOutbound
	}
	comment := "modem " + p.Modem + ": " + what
	if p.ID != "" {
		comment = "modem " + p.Modem + ", message " + p.ID + ": " + what
	}
	o := pcapgo.NgPacketOptions{Comments: []string{comment}, Flags: flags}
	if s.dropped > 0 {
		o.DropCount = new(s.dropped)
		s.dropped = 0
	}
	info := gopacket.CaptureInfo{Timestamp: p.At, CaptureLength: len(p.TPDU), Length: len(p.TPDU), InterfaceIndex: i}
	if err := s.w.WritePacketWithOptions(info, p.TPDU, o); err != nil {
		return err
	}
	return s.w.Flush()
}
