package bridge

import "fmt"

// reportWords are what TP-ST means (TS 23.040 9.2.3.15).
var reportWords = map[byte]string{
	0x00: "the phone has it",
	0x01: "the SC has forwarded it, but cannot confirm that the phone has it",
	0x02: "the SC has replaced it by a later message",

	0x20: "congestion",
	0x21: "the phone is busy",
	0x22: "the phone does not answer",
	0x23: "the service is rejected",
	0x24: "the quality of service is not available",
	0x25: "an error in the phone",

	0x40: "an error in the network on the way to the phone",
	0x41: "the phone cannot take such a message",
	0x42: "the phone rejected the connection",
	0x43: "the phone cannot be reached",
	0x44: "the quality of service is not available",
	0x45: "the networks do not work together",
	0x46: "its validity period ended in the SC",
	0x47: "it was deleted in the SC by its sender",
	0x48: "it was deleted by the SC's administration",
	0x49: "the SC does not know the message",

	0x60: "congestion",
	0x61: "the phone is busy",
	0x62: "the phone does not answer",
	0x63: "the service is rejected",
	0x64: "the quality of service is not available",
	0x65: "an error in the phone",
}

// ReportSays is a status report in plain words. Codes without words are reserved, or an
// SC's own.
func ReportSays(st byte) string {
	words, ok := reportWords[st]
	if !ok {
		words = "an SC's own code, or a reserved one"
	}
	switch {
	case st >= 0x80:
	case st >= 0x60:
		words += "; the SC has given up"
	case st >= 0x40:
		words += "; the SC does not try again"
	case st >= 0x20:
		words += "; not delivered yet, the SC goes on trying"
	}
	return fmt.Sprintf("status report 0x%02X: %s", st, words)
}
