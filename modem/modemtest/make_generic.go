package modemtest

import (
	"slices"
	"strconv"
	"strings"
)

// Profiles are all of them but the strangers.
var Profiles = []Profile{
	Generic,
	Huawei, HuaweiStick,
	Quectel, EG25, M26,
	SIMCom, SIM800, SIM7600, A7670E, A7670EUBL,
	Qualcomm, Novatel, ZTE,
	MC75i, PHS8,
	HE910, Fastrack, TOBY,
}

// FindProfile is the profile of that name; "stranger-7" is Stranger(7).
func FindProfile(name string) (Profile, bool) {
	if seed, ok := strings.CutPrefix(name, "stranger-"); ok {
		n, err := strconv.ParseUint(seed, 10, 64)
		return Stranger(n), err == nil
	}
	i := slices.IndexFunc(Profiles, func(p Profile) bool { return p.Name == name })
	if i < 0 {
		return Profile{}, false
	}
	return Profiles[i], true
}

// Generic is a modem by the book, with everything that the book has.
var Generic = Profile{
	Name:         "generic",
	Manufacturer: "wvsms", Model: "SIM-ulated", Revision: "1.0",
	CNMI:     [5][]int{{0, 1, 2, 3}, {0, 1, 2, 3}, {0, 2}, {0, 1, 2}, {0, 1}},
	CSMS:     []int{0, 1},
	Memories: []string{"SM", "ME", "MT"}, FirstIndex: 1,
}

// serial is a function of a stick that has a class of the maker's.
func serial(r Role) USBInterface { return USBInterface{0xff, 0xff, 0xff, "option", r} }

// other is a function of which no more is known than that it is no terminal for us.
var other = USBInterface{Class: 0xff, Subclass: 0xff, Protocol: 0xff}

// acm are the two functions of a modem as USB CDC PSTN 1.2 has it.
func acm(r Role) []USBInterface {
	return []USBInterface{{0x02, 0x02, 0x01, "cdc_acm", r}, {Class: 0x0a}}
}
