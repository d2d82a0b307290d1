package bridge

import (
	"fmt"
	"strconv"
	"strings"
)

// A Price is what one segment costs. It is counted in millionths: no binary fraction is
// what a price list says.
type Price struct {
	Micros   int64
	Currency string // "" where none is named
}

const million = 1_000_000

// mostPrice keeps a sum of mostSegments in an int64.
const mostPrice = 10_000

// String is the price as the configuration has it.
func (p Price) String() string { return p.of(p.Micros) }

// of is an amount in the currency of the price.
func (p Price) of(micros int64) string {
	if p == (Price{}) && micros == 0 {
		return ""
	}
	fraction := strings.TrimRight(fmt.Sprintf("%06d", micros%million), "0")
	for len(fraction) < 2 {
		fraction += "0"
	}
	amount := strconv.FormatInt(micros/million, 10) + "." + fraction
	if p.Currency != "" {
		amount += " " + p.Currency
	}
	return amount
}

// times is what so many segments cost; "" where no price is known.
func (p Price) times(segments int) string {
	if p == (Price{}) {
		return ""
	}
	return p.of(int64(segments) * p.Micros)
}

// parsePrice reads a decimal number and, after a space, the word of a currency.
func parsePrice(s string) (Price, error) {
	amount, currency, named := strings.Cut(s, " ")
	whole, fraction, _ := strings.Cut(amount, ".")
	units, err := parseWhole(whole, mostPrice)
	if err != nil || !digitsOnly(fraction+"0") || len(fraction) > 6 {
		return Price{}, fmt.Errorf(`%.40q: a decimal number with up to six places, and a currency: "0.09 EUR"`, s)
	}
	if named && (currency == "" || len(currency) > 8 || strings.ContainsFunc(currency, func(r rune) bool { return r <= ' ' || r == '"' || r == '\\' || r == 0x7f })) {
		return Price{}, fmt.Errorf(`%.40q: the currency is one word of up to 8 octets: "0.09 EUR"`, s)
	}
	micros, err := strconv.ParseInt((fraction + "000000")[:6], 10, 64)
	if err != nil {
		return Price{}, err
	}
	return Price{int64(units)*million + micros, currency}, nil
}

// price is a Price; "" is none.
func (t *table) price(key string, to *Price) {
	var text string
	if t.text(key, &text); text == "" {
		return
	}
	p, err := parsePrice(text)
	if err != nil {
		t.fault(key, err.Error())
		return
	}
	*to = p
}
