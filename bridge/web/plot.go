package web

import (
	"fmt"
	"strings"
)

// Implementation: what of a signal fits a plot, in dBm. A modem tells from -113 to -51 (TS 27.007
// 8.5), and LTE's RSRP reaches from -140 to -44.
const (
	signalTop    = -50
	signalBottom = -120
	plotHeight   = 40
)

// signalPlot is a path over a day of signal: a step where it changes, a gap where
// nothing is known. One unit to the right is one value.
func signalPlot(dbm []int) string {
	var b strings.Builder
	for i, v := range dbm {
		switch y := signalAt(v); {
		case v == 0:
		case i == 0 || dbm[i-1] == 0:
			fmt.Fprintf(&b, "M%d %dH%d", i, y, i+1)
		case v != dbm[i-1]:
			fmt.Fprintf(&b, "V%dH%d", y, i+1)
		case i == len(dbm)-1 || dbm[i+1] != v:
			fmt.Fprintf(&b, "H%d", i+1)
		}
	}
	return b.String()
}

func signalAt(dbm int) int {
	dbm = min(max(dbm, signalBottom), signalTop)
	return 1 + (signalTop-dbm)*(plotHeight-2)/(signalTop-signalBottom)
}

// signalWord is what a signal is worth.
func signalWord(dbm int) string {
	switch {
	case dbm == 0:
		return "signal not known"
	case dbm >= -75:
		return "strong"
	case dbm >= -90:
		return "good"
	case dbm > -107:
		return "fair"
	}
	return "very weak"
}

// bars are how much went one way in each of the last minutes.
type bars struct {
	Way  string
	Last int    // in the last whole minute
	Path string // a bar a minute, one unit wide, plotHeight at most
}

func newBars(way string, minutes []int, most int) bars {
	var b strings.Builder
	for i, v := range minutes {
		if v > 0 {
			fmt.Fprintf(&b, "M%d.1 %dV%dh.8V%dz", i, plotHeight, plotHeight-barHeight(v, most), plotHeight)
		}
	}
	return bars{way, minutes[len(minutes)-2], b.String()}
}

// barHeight is at least 2, so that the smallest bar is seen.
func barHeight(v, most int) int { return max(2, v*plotHeight/max(most, 1)) }

// percent is part of whole in hundredths, from 0 to 100.
func percent(part, whole int) int {
	if whole <= 0 {
		return 0
	}
	return min(100, max(0, part*100/whole))
}
