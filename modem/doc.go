// Package modem drives one GSM modem over its AT command line (3GPP TS 27.005,
// TS 27.007): it brings the modem up, sends PDU-mode short messages and hands
// on those that arrive. It carries PDU-mode octets and does not read them.
//
//	    Send          Receive, Accept          Status
//	      |                  |                    |
//	send.go, cmms      receive.go, sweep.go   status.go, init.go
//	      +--------- queue.go (one at a time, by rank) ------+
//	                         |
//	                      exec.go        Command, SMS, URC: hides warthog618/modem/at
//	                         |
//	                   conditioner.go    lines in and out, one destination each
//	                         |
//	                      Port           tty (port.go), pipe, TCP
//
// A Modem serves one life of one line: New, Run, and when Run has returned a
// new one is made on a newly opened port. A modem that restarts while Run
// serves it ends Run with [ErrRestarted]: everything set up in it is gone, and
// bringing it up again is what the next Run is for.
package modem
