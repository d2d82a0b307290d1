// Package modemtest is a GSM modem and a mobile network in software: what the
// tests, the demo, "run --sim" and "wvsms sim" talk to instead of hardware.
//
//	TE (modem.Modem, gammu, smsd, minicom …)
//	   │ octets: net.Pipe, pty, anything with Read and Write
//	┌──┴──────────────┐   SMS-SUBMIT    ┌───────┐  SMS-DELIVER   ┌─────────┐
//	│ Modem: AT line, │ ──────────────▶ │  Air  │ ─────────────▶ │ Handset │
//	│ SIM + ME stores │ ◀────────────── │ (SC)  │ ◀───────────── │ or      │
//	└─────────────────┘   SMS-DELIVER   └───────┘  SMS-SUBMIT    │ Modem   │
//	                      SMS-STATUS-REPORT                      └─────────┘
//
// A [Modem] speaks V.250, TS 27.007 and TS 27.005 the way firmware does, its
// bad days included: see [Profile] for the lasting habits of a make and [Fault]
// for what goes wrong once. An [Air] is the short message service centre with
// everything a network may do to a message: delay, lose, double, reorder it or
// strip its ports. All chance is drawn from seeds; all waiting is by timers,
// so both run inside a testing/synctest bubble.
//
// [IMClient] and [IMService] are the two sides of CSP, played by a script: Android's IM
// client and a small IMPS service, on a handset of the air or on a socket.
//
// [Play] is the other half: it plays a written modem to a real TE, and [Talk]
// plays a written TE to a modem.
package modemtest
