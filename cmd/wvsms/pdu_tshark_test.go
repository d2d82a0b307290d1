package main

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"wvsms/pdu"
)

// tsharkFields are asked of tshark for each message. How they compare: see tsharkChecks.
var tsharkFields = []string{
	"_ws.malformed",
	"gsm_sms.tp-mti", "gsm_sms.tp-mms", "gsm_sms.tp-lp", "gsm_sms.tp-sri", "gsm_sms.tp-srr", "gsm_sms.tp-srq",
	"gsm_sms.tp-udhi", "gsm_sms.tp-rp", "gsm_sms.tp-rd", "gsm_sms.tp-vpf", "gsm_sms.tp-mr",
	"gsm_sms.tp-oa", "gsm_sms.tp-da", "gsm_sms.tp-ra", "gsm_sms.dis_field_addr.num_type", "gsm_sms.dis_field_addr.num_plan",
	"gsm_sms.tp-pid", "gsm_sms.tp-dcs",
	"gsm_sms.scts.year", "gsm_sms.scts.month", "gsm_sms.scts.day", "gsm_sms.scts.hour", "gsm_sms.scts.minutes",
	"gsm_sms.scts.seconds", "gsm_sms.scts.timezone",
	"gsm_sms.vp.validity_period", "gsm_sms.vp.single_shot_sm", "gsm_sms.vp.validity_period_format",
	"gsm_sms.tp-fcs", "gsm_sms.tp.parameter_indicator", "gsm_sms.tp.command_type", "gsm_sms.tp.message_number",
	"gsm_sms.tp.command_data_length", "gsm_sms.tp.user_data_length",
	"gsm_sms.dis_field_udh.user_data_header_length", "gsm_sms.ie_identifier",
	"gsm_sms.destination_port", "gsm_sms.originator_port",
	"gsm_sms.udh.mm.msg_id", "gsm_sms.udh.mm.msg_parts", "gsm_sms.udh.mm.msg_part",
	"gsm_sms.sms_text", "gsm_sms.sms_body", "gsm_sms.compressed_data",
	"gsm_sms.dis_field.definition", "gsm_sms.dis_field.st_error", "gsm_sms.dis.field_st_reason",
}

// A frame is a TPDU on its way.
type frame struct {
	tpdu      []byte
	direction pdu.Direction
}

// tshark dissects all frames with one process and returns the values of each field of each.
func tshark(t *testing.T, frames []frame) []map[string][]string {
	capture := filepath.Join(t.TempDir(), "pdus.pcapng")
	if err := os.WriteFile(capture, pcapng(frames), 0o600); err != nil {
		t.Fatal(err)
	}
	layers := dissect(t, capture, tsharkFields)
	if len(layers) != len(frames) {
		t.Fatalf("tshark has %d packets of %d", len(layers), len(frames))
	}
	return layers
}

// dissect has tshark read a capture, as docs/capture.md has it, and returns the values of
// each field of each packet.
func dissect(t *testing.T, capture string, fields []string) []map[string][]string {
	t.Helper()
	program, err := exec.LookPath("tshark")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("tshark is not installed, and CI must have it")
		}
		t.Skip("tshark is not installed (Debian: apt install tshark)")
	}
	args := []string{"-r", capture, "-T", "json", "-o", `uat:user_dlts:"User 0 (DLT=147)","gsm_sms","0","","0",""`,
		"-o", "gsm_sms.reassemble:FALSE"}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	command := exec.Command(program, args...)
	command.Env = append(os.Environ(), "HOME="+t.TempDir())
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %v", command, err)
	}
	var packets []struct {
		Source struct {
			Layers map[string][]string `json:"layers"`
		} `json:"_source"`
	}
	if err := json.Unmarshal(out, &packets); err != nil {
		t.Fatalf("tshark prints: %v", err)
	}
	layers := make([]map[string][]string, len(packets))
	for i, p := range packets {
		layers[i] = p.Source.Layers
	}
	return layers
}

// pcapng writes the frames as DLT USER0. What tells gsm_sms their direction is the flag of each
// packet block: a message that comes in to the capturing side, the network, is a mobile's.
func pcapng(frames []frame) []byte {
	word, half := binary.LittleEndian.AppendUint32, binary.LittleEndian.AppendUint16
	block := func(b []byte, kind uint32, body []byte) []byte {
		n := uint32(12 + len(body))
		return word(append(word(word(b, kind), n), body...), n)
	}
	section := binary.LittleEndian.AppendUint64(half(half(word(nil, 0x1a2b3c4d), 1), 0), ^uint64(0))
	b := block(nil, 0x0a0d0d0a, section)
	b = block(b, 1, word(half(half(nil, 147), 0), 0))
	for _, f := range frames {
		flags := uint32(2)
		if f.direction == pdu.MO {
			flags = 1
		}
		body := word(word(word(nil, 0), 0), 0)
		body = word(word(body, uint32(len(f.tpdu))), uint32(len(f.tpdu)))
		body = append(body, f.tpdu...)
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
		body = word(half(half(body, 2), 4), flags) // option epb_flags
		b = block(b, 6, word(body, 0))
	}
	return b
}
