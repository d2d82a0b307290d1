package bridge

import "testing"

func TestPrice(t *testing.T) {
	for text, want := range map[string]struct {
		price Price
		three string
	}{
		"0.09 EUR":     {Price{90_000, "EUR"}, "0.27 EUR"},
		"0.09":         {Price{90_000, ""}, "0.27"},
		"1":            {Price{1_000_000, ""}, "3.00"},
		"0.0075 USD":   {Price{7_500, "USD"}, "0.0225 USD"},
		"0.000001":     {Price{1, ""}, "0.000003"},
		"10000 kr":     {Price{10_000_000_000, "kr"}, "30000.00 kr"},
		"0.5 €":        {Price{500_000, "€"}, "1.50 €"},
		"0 EUR":        {Price{0, "EUR"}, "0.00 EUR"},
		"00.10 credit": {Price{100_000, "credit"}, "0.30 credit"},
	} {
		p, err := parsePrice(text)
		if err != nil || p != want.price || p.times(3) != want.three {
			t.Errorf("%s: %+v, three are %q, %v", text, p, p.times(3), err)
		}
	}
	for _, text := range []string{"", " ", "EUR", "0,09", "-1", ".5", "1.0000001", "10001", "1 ", "1  EUR", "1 E\"", "1 nine-letters", "1e3", "1 E\x1b"} {
		if p, err := parsePrice(text); err == nil {
			t.Errorf("%q is read as %+v", text, p)
		}
	}
	if got := (Price{}).times(3); got != "" {
		t.Errorf("without a price it costs %q", got)
	}
}
