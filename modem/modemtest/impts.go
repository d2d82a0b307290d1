package modemtest

import (
	"fmt"
	"strconv"
	"strings"

	"wvsms/csp"
)

// The scripts read and write plain text syntax by themselves, so that what csp does to
// it on the way is seen.

// imSpecial are the characters for which a value stands in quotes.
const imSpecial = ` ",()=&`

// imQuote writes a value, with a quote in it doubled.
func imQuote(s string) string {
	if strings.ContainsAny(s, imSpecial) {
		return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	return s
}

// imGroup writes several values, and one without parentheses.
func imGroup(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = imQuote(v)
	}
	if len(quoted) == 1 {
		return quoted[0]
	}
	return "(" + strings.Join(quoted, ",") + ")"
}

// imPairs writes values two by two: ((a,b),(c,d)).
func imPairs(values []string) string {
	var pairs []string
	for i := 0; i+1 < len(values); i += 2 {
		pairs = append(pairs, "("+imQuote(values[i])+","+imQuote(values[i+1])+")")
	}
	return "(" + strings.Join(pairs, ",") + ")"
}

func (m *imMessage) appendPTS(b []byte) []byte {
	b = fmt.Appendf(b, "WV%s%s%s", strings.ReplaceAll(m.version, ".", ""), m.code, m.id)
	if m.session != "" {
		b = fmt.Appendf(b, " SI=%s", imQuote(m.session))
	}
	if m.body.pts != "" {
		b = append(b, ' ')
		b = append(b, m.body.pts...)
	}
	return b
}

func parseIMPTS(b []byte) (*imMessage, error) {
	p, params, err := csp.ParsePreamble(b)
	if err != nil {
		return nil, err
	}
	values, err := imParams(string(params))
	if err != nil {
		err = fmt.Errorf("read %s: %w", p.Code, err)
	}
	m := &imMessage{
		syntax: csp.PTS, code: strings.ToUpper(p.Code), id: strconv.Itoa(p.TransactionID()),
		leaves: func(k imKey) []string { return values[k.code] },
	}
	m.version = p.Version[:1] + "." + p.Version[1:]
	if s := values["SI"]; len(s) > 0 {
		m.session = s[0]
	}
	return m, err
}

// imParams reads parameters: of each code the values in it, groups flattened. A code
// without a value is there with none; with an error those before it are.
func imParams(s string) (map[string][]string, error) {
	values := map[string][]string{}
	for s != "" {
		end := strings.IndexAny(s, " =")
		if end < 0 {
			end = len(s)
		}
		code := strings.ToUpper(s[:end])
		if s = s[end:]; !strings.HasPrefix(s, "=") {
			s = strings.TrimPrefix(s, " ")
			values[code] = nil
			continue
		}
		list, rest, err := imValue(s[1:])
		if err != nil {
			return values, fmt.Errorf("parameter %s: %w", code, err)
		}
		values[code], s = list, strings.TrimPrefix(rest, " ")
	}
	return values, nil
}

// imValue reads one value, up to the space behind it.
func imValue(s string) (values []string, rest string, err error) {
	depth, closed := 0, false
	for {
		switch {
		case s == "" || s[0] == ' ':
			if depth != 0 {
				return nil, "", fmt.Errorf("%d parentheses are not closed", depth)
			}
			return values, s, nil
		case s[0] == '(':
			depth, closed, s = depth+1, false, s[1:]
			if strings.HasPrefix(s, "(") {
				continue
			}
		case s[0] == ',' && depth > 0:
			closed, s = false, s[1:]
			if strings.HasPrefix(s, "(") {
				continue
			}
		case s[0] == ')' && depth > 0:
			depth, closed, s = depth-1, true, s[1:]
			continue
		case closed || len(values) > 0:
			return nil, "", fmt.Errorf("%.10q stands behind the value", s)
		}
		var text string
		if text, s, err = imText(s); err != nil {
			return nil, "", err
		}
		values = append(values, text)
	}
}

// imText reads a value that is no group, quoted or plain.
func imText(s string) (text, rest string, err error) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, imSpecial)
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:], nil
	}
	for i := 1; i < len(s); i++ {
		if s[i] != '"' {
			continue
		}
		if i+1 == len(s) || s[i+1] != '"' {
			return strings.ReplaceAll(s[1:i], `""`, `"`), s[i+1:], nil
		}
		i++
	}
	return "", "", fmt.Errorf("a quote is not closed")
}
