// Package pdu turns one short message from octets into Go values and back (3GPP TS 23.040, with the
// alphabets of TS 23.038). It knows no I/O, no clock and no state.
//
//	  what a modem shows and takes in PDU mode (TS 27.005 3.1)
//	+--------+----------------------------------------------------------+
//	|  SMSC  |                          TPDU                            |   Mode
//	+--------+----------------------------------------------------------+
//	         | first octet | address | PID | DCS | time | UDL |    UD    |   Deliver, Submit,
//	         +-------------+---------+-----+-----+------+-----+----------+   StatusReport …
//	          MTI, bits     Address        DCS    Timestamp   | UDH| text |   UserData
//	                                              Validity    +----+------+
//	                                                           IE IE …       Ports, Concat
//
// ParseMT reads what a network sends to a mobile, ParseMO what a mobile sends; the types reuse each
// other's TP-MTI values, so the direction must be known. Every type appends itself again. Where parsing gave
// no warning, the same octets come back; see Fault for what a warning is.
//
// Datagrams of several messages are the business of package pdu/wdp.
package pdu
