package modem

import "strings"

// textCode is the number of an error told in words, -1 when they are not
// known: some modems do not take +CMEE=1, others tell CMS errors in words
// whatever it is. Vendors differ in case, blanks and signs.
func textCode(kind ResultKind, text string) int {
	text = squeeze(text)
	for known, code := range errorTexts[kind] {
		if squeeze(known) == text {
			return code
		}
	}
	return -1
}

// squeeze keeps letters, small, and digits (PIN2). A USIM is a SIM.
func squeeze(text string) string {
	return strings.ReplaceAll(strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		}
		return -1
	}, text), "usim", "sim")
}

// errorTexts are the words of the standards for the codes of each kind.
var errorTexts = map[ResultKind]map[string]int{
	CMS: {
		// RP cause: TS 24.011 8.2.5.4 and E.2, two versions of some.
		"unassigned (unallocated) number":                          1,
		"unassigned number":                                        1,
		"operator determined barring":                              8,
		"call barred":                                              10,
		"network failure":                                          17,
		"short message transfer rejected":                          21,
		"memory capacity exceeded":                                 22, // 211 too, which nobody tells us
		"destination out of service":                               27,
		"destination out of order":                                 27,
		"unidentified subscriber":                                  28,
		"facility rejected":                                        29,
		"unknown subscriber":                                       30,
		"network out of order":                                     38,
		"temporary failure":                                        41,
		"congestion":                                               42,
		"resources unavailable, unspecified":                       47,
		"requested facility not subscribed":                        50,
		"requested facility not implemented":                       69,
		"invalid short message transfer reference value":           81,
		"invalid transaction identifier value":                     81,
		"invalid message, unspecified":                             95,
		"semantically incorrect message":                           95,
		"invalid mandatory information":                            96,
		"message type non-existent or not implemented":             97,
		"message not compatible with short message protocol state": 98,
		"message not compatible with short message transfer state": 98,
		"information element non-existent or not implemented":      99,
		"protocol error, unspecified":                              111,
		"interworking, unspecified":                                127,

		// TP-FCS: TS 23.040 9.2.3.22.
		"telematic interworking not supported":        128,
		"short message type 0 not supported":          129,
		"cannot replace short message":                130,
		"unspecified TP-PID error":                    143,
		"data coding scheme (alphabet) not supported": 144,
		"message class not supported":                 145,
		"unspecified TP-DCS error":                    159,
		"command cannot be actioned":                  160,
		"command unsupported":                         161,
		"unspecified TP-Command error":                175,
		"TPDU not supported":                          176,
		"SC busy":                                     192,
		"no SC subscription":                          193,
		"SC system failure":                           194,
		"invalid SME address":                         195,
		"destination SME barred":                      196,
		"SM rejected-duplicate SM":                    197,
		"duplicate SM":                                197,
		"TP-VPF not supported":                        198,
		"TP-VP not supported":                         199,
		"(U)SIM SMS storage full":                     208,
		"no SMS storage capability in (U)SIM":         209,
		"error in MS":                                 210,
		"(U)SIM application toolkit busy":             212,
		"(U)SIM data download error":                  213,
		"unspecified error cause":                     255,

		// TS 27.005 3.2.5.
		"ME failure":                        300,
		"MT failure":                        300,
		"phone failure":                     300,
		"SMS service of ME reserved":        301,
		"SMS service of MT reserved":        301,
		"operation not allowed":             302,
		"operation not supported":           303,
		"invalid PDU mode parameter":        304,
		"invalid text mode parameter":       305,
		"(U)SIM not inserted":               310,
		"(U)SIM PIN required":               311,
		"PH-(U)SIM PIN required":            312,
		"(U)SIM failure":                    313,
		"(U)SIM busy":                       314,
		"(U)SIM wrong":                      315,
		"(U)SIM PUK required":               316,
		"(U)SIM PIN2 required":              317,
		"(U)SIM PUK2 required":              318,
		"memory failure":                    320,
		"invalid memory index":              321,
		"memory full":                       322,
		"SMSC address unknown":              330,
		"no network service":                331,
		"network timeout":                   332,
		"no +CNMA acknowledgement expected": 340,
		"unknown error":                     500,
		"unknown":                           500,
	},
	CME: { // TS 27.007 9.2.1, 9.2.2.1
		"phone failure":                                 0,
		"MT failure":                                    0,
		"no connection to phone":                        1,
		"phone-adaptor link reserved":                   2,
		"operation not allowed":                         3,
		"operation not supported":                       4,
		"PH-SIM PIN required":                           5,
		"PH-FSIM PIN required":                          6,
		"PH-FSIM PUK required":                          7,
		"SIM not inserted":                              10,
		"SIM PIN required":                              11,
		"SIM PUK required":                              12,
		"SIM failure":                                   13,
		"SIM busy":                                      14,
		"SIM wrong":                                     15,
		"incorrect password":                            16,
		"SIM PIN2 required":                             17,
		"SIM PUK2 required":                             18,
		"memory full":                                   20,
		"invalid index":                                 21,
		"not found":                                     22,
		"memory failure":                                23,
		"text string too long":                          24,
		"invalid characters in text string":             25,
		"dial string too long":                          26,
		"invalid characters in dial string":             27,
		"no network service":                            30,
		"network timeout":                               31,
		"network not allowed - emergency calls only":    32,
		"network personalization PIN required":          40,
		"network personalization PUK required":          41,
		"network subset personalization PIN required":   42,
		"network subset personalization PUK required":   43,
		"service provider personalization PIN required": 44,
		"service provider personalization PUK required": 45,
		"corporate personalization PIN required":        46,
		"corporate personalization PUK required":        47,
		"hidden key required":                           48,
		"incorrect parameters":                          50,
		"command implemented but currently disabled":    51,
		"command aborted by user":                       52,
		"not attached to network due to MT functionality restrictions":   53,
		"modem not allowed - MT restricted to emergency calls only":      54,
		"operation not allowed because of MT functionality restrictions": 55,
		"unknown":                   100,
		"unknown error":             100,
		"illegal MS":                103,
		"illegal ME":                106,
		"GPRS services not allowed": 107,
		"PLMN not allowed":          111,
		"location area not allowed": 112,
		"roaming not allowed in this location area": 113,
	},
}
