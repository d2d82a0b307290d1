package bridge

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"wvsms/modem"
)

// A verb is what becomes of a segment after an attempt that was not accepted.
type verb int

const (
	retry     verb = iota // again, later and later
	wait                  // again when the network is back; costs no attempt
	stuck                 // again when somebody has mended it; costs no attempt
	elsewhere             // not by this SIM: by another one if one is free to, else never
	fail                  // never again: the network will not change its mind
	unsure                // it may be on air: the policy for unknown outcomes decides
	already               // the SC has it from an earlier attempt
)

// A disposition says what to do about one answer, and tells the operator why.
type disposition struct {
	first, last int // codes
	do          verb
	after       time.Duration // the first pause; each further one is twice as long
	tries       int           // attempts in all; 0: until the message expires
	hint        string
}

// alarm tells whether nothing that goes by this SIM gets better by itself: somebody
// has to look.
func (d disposition) alarm() bool { return d.do == stuck || d.do == elsewhere }

// cmsTable is what +CMS ERROR means for a message: 0–127 are the RP causes of TS
// 24.011 annex E.2, 128–255 TP-FCS of TS 23.040 9.2.3.22, 300–511 those of TS
// 27.005 3.2.5. Codes that are not in it are retried slowly.
var cmsTable = []disposition{
	{1, 1, fail, 0, 0, "the number is not assigned"},
	{8, 8, elsewhere, 0, 2, "the operator bars this SIM from sending"},
	{10, 10, elsewhere, 0, 2, "calls are barred on this SIM"},
	{21, 21, elsewhere, time.Minute, 2, "the network rejected the transfer: often no credit, or the operator filters data SMS"},
	{22, 22, retry, time.Minute, 0, "memory is full"},
	{27, 27, retry, 5 * time.Minute, 0, "the destination is out of service"},
	{28, 28, fail, 0, 0, "the subscriber cannot be identified"},
	{29, 29, elsewhere, 0, 2, "the facility is rejected: is SMS part of this subscription?"},
	{30, 30, fail, 0, 0, "the subscriber is unknown"},
	{38, 38, retry, 30 * time.Second, 0, "the network is out of order: check the registration and the SMSC number"},
	{41, 41, retry, 5 * time.Second, 0, "temporary failure in the network"},
	{42, 42, retry, 30 * time.Second, 0, "congestion"},
	{47, 47, retry, 30 * time.Second, 0, "the network has no resources"},
	{50, 50, elsewhere, 0, 2, "SMS is not subscribed"},
	{69, 69, fail, 0, 0, "the network does not do this: check the SMSC number and the form of the destination"},
	{81, 99, fail, 0, 0, "the network does not accept this form of message"},
	{111, 111, retry, 30 * time.Second, 2, "protocol error"},
	{127, 127, retry, time.Minute, 0, "interworking, cause unknown"},
	{128, 175, fail, 0, 0, "the SC does not accept this kind of message"},
	{176, 176, fail, 0, 0, "the SC does not support this TPDU"},
	{192, 192, retry, 30 * time.Second, 0, "the SC is busy"},
	{193, 193, elsewhere, 0, 2, "the SC knows no subscription of this SIM: check the SMSC number"},
	{194, 194, retry, time.Minute, 0, "the SC has failed"},
	{195, 195, fail, 0, 0, "the SC takes the address for invalid"},
	{196, 196, fail, 0, 0, "the destination is barred"},
	{197, 197, already, 0, 0, "the SC has this very message already"},
	{198, 199, fail, 0, 0, "the SC does not accept the validity period"},
	{208, 208, retry, time.Minute, 0, "the SIM's store is full"},
	{212, 212, retry, 5 * time.Second, 0, "the SIM toolkit is busy"},
	{300, 301, retry, 10 * time.Second, 0, "the modem reports a failure of its own"},
	{302, 302, retry, 30 * time.Second, 10, "the modem does not allow it now: often not registered"},
	{303, 303, fail, 0, 0, "the modem cannot do this"},
	{304, 304, fail, 0, 0, "the modem does not accept this PDU: please report it, with the modem's model"},
	{305, 305, fail, 0, 0, "the modem does not accept this parameter: please report it, with the modem's model"},
	{310, 313, stuck, 30 * time.Second, 0, "the SIM is missing, locked or broken"},
	{314, 314, retry, 5 * time.Second, 0, "the SIM is busy"},
	{315, 318, stuck, 30 * time.Second, 0, "the SIM is wrong or locked"},
	{320, 322, retry, 30 * time.Second, 0, "the modem's message store fails or is full"},
	{330, 330, stuck, 5 * time.Minute, 0, "no SMSC number is known: set it on the SIM"},
	{331, 331, wait, 30 * time.Second, 0, "no network service"},
	{332, 332, unsure, 0, 0, "the network did not answer in time"},
	{500, 500, unsure, 0, 0, "the modem gives no cause: often SMS over LTE without IMS, no credit or no antenna"},
	{512, 1 << 16, unsure, 0, 0, "a code of the vendor's own"},
}

// verbs are the words of the modems' rows (profiles.toml) for what +CMS ERROR from 512
// up (TS 27.005 3.2.5: left to the maker) means for a message.
var verbs = map[string]verb{"retry": retry, "wait": wait, "stuck": stuck, "elsewhere": elsewhere, "fail": fail, "unsure": unsure}

// vendorTable is the table of a make. A code that it does not have may mean anything:
// the message may be on air.
func vendorTable(row modem.Profile) (table []disposition) {
	for _, m := range row.CMS {
		d := disposition{first: m.First, last: m.Last, do: verbs[m.Do], after: m.After, hint: m.Hint}
		if d.do == elsewhere {
			d.tries = 2
		}
		table = append(table, d)
	}
	return table
}

// firstVendorCode of +CMS ERROR: TS 27.005 3.2.5.
const firstVendorCode = 512

// cmeTable is what +CME ERROR (TS 27.007 9.2) means for a message.
var cmeTable = []disposition{
	{3, 4, fail, 0, 0, "the modem does not support or allow this"},
	{10, 13, stuck, 30 * time.Second, 0, "the SIM is missing, locked or broken"},
	{14, 14, retry, 5 * time.Second, 0, "the SIM is busy"},
	{15, 18, stuck, 30 * time.Second, 0, "the SIM is wrong or locked"},
	{30, 32, wait, 30 * time.Second, 0, "no network service"},
	{100, 100, unsure, 0, 0, "the modem does not know the cause itself"},
	{515, 515, retry, 5 * time.Second, 0, "the modem is still starting"},
}

// dispose says what to do about the error of an attempt by a modem whose make has that
// table of codes.
func dispose(err error, vendor []disposition) disposition {
	var refused *modem.ResultError
	told := errors.As(err, &refused)
	switch {
	case errors.Is(err, modem.ErrOutcomeUnknown):
		return disposition{do: unsure, hint: "no answer after the message was handed over"}
	case errors.Is(err, modem.ErrNotSent) && told:
		d := lookUp(refused, vendor)
		if d.do == unsure || d.do == already {
			d = disposition{do: retry, after: 30 * time.Second, hint: d.hint + "; the message was not handed over"}
		}
		return d
	case told:
		return lookUp(refused, vendor)
	case errors.Is(err, modem.ErrNotSent):
		return disposition{do: wait, after: 2 * time.Second, hint: "it was not handed over"}
	}
	return disposition{do: wait, after: 10 * time.Second, hint: "the modem is in trouble"}
}

func lookUp(refused *modem.ResultError, vendor []disposition) disposition {
	table := cmsTable
	switch {
	case refused.Kind == modem.CME:
		table = cmeTable
	case refused.Kind == modem.Plain:
		return disposition{do: retry, after: 30 * time.Second, tries: 5, hint: "the modem refused without a cause"}
	}
	if refused.Code < 0 {
		return disposition{do: unsure, hint: "the modem gives a cause in words that are not known"}
	}
	if refused.Kind == modem.CMS && refused.Code >= firstVendorCode {
		table = append(slices.Clone(vendor), table...)
	}
	for _, d := range table {
		if d.first <= refused.Code && refused.Code <= d.last {
			return d
		}
	}
	return disposition{do: retry, after: time.Minute, tries: 5, hint: fmt.Sprintf("code %d is not known", refused.Code)}
}

const longestPause = 10 * time.Minute

// pause is how long to wait before attempt number n+1, n counted from 1.
func (d disposition) pause(n int) time.Duration {
	p := d.after
	for ; n > 1 && p < longestPause; n-- {
		p *= 2
	}
	return min(p, longestPause)
}
