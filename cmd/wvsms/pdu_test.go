package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"wvsms/pdu"
)

// A pduVector is a line of ../../pdu/testdata/vectors/sms-pdus.txt.
type pduVector struct {
	name, hex string
	mode      []byte
	tpduLen   int
	direction pdu.Direction
}

func sharedVectors(t *testing.T) (vs []pduVector) {
	b, err := os.ReadFile("../../pdu/testdata/vectors/sms-pdus.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var v pduVector
		if _, err := fmt.Sscanf(line, "%s TPDUlen=%d %s", &v.name, &v.tpduLen, &v.hex); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if v.mode, err = pdu.DecodeHex(v.hex); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(v.name, "submit") {
			v.direction = pdu.MO
		}
		vs = append(vs, v)
	}
	return vs
}
