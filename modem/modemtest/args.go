package modemtest

import (
	"strconv"
	"strings"
)

// args are the parameters of an extended command, split at the commas outside
// quotes: V.250 5.4.2. An omitted one is "".
type args []arg

type arg struct {
	text   string // without the quotes
	quoted bool
}

func (c command) split() args {
	if c.args == "" {
		return nil
	}
	var as args
	var quoted, wasQuoted bool
	start := 0
	cut := func(end int) {
		text := strings.Trim(c.args[start:end], " ")
		if wasQuoted {
			text = strings.ReplaceAll(text, `"`, "")
		}
		as = append(as, arg{text, wasQuoted})
		start, wasQuoted = end+1, false
	}
	for i := range len(c.args) {
		switch {
		case c.args[i] == '"':
			quoted, wasQuoted = !quoted, true
		case c.args[i] == ',' && !quoted:
			cut(i)
		}
	}
	cut(len(c.args))
	return as
}

// text is the i-th parameter, or "" where it is omitted.
func (a args) text(i int) string {
	if i >= len(a) {
		return ""
	}
	return a[i].text
}

// number is the i-th parameter as a number, or other where it is omitted.
func (a args) number(i, other int) (int, error) {
	if i >= len(a) || a[i].text == "" && !a[i].quoted {
		return other, nil
	}
	n, err := strconv.Atoi(a[i].text)
	if err != nil || n < 0 || n > maxNumber {
		return 0, cme(50)
	}
	return n, nil
}

// oneOf is the i-th parameter, which has to be one of the offered.
func (a args) oneOf(i, other int, offered ...int) (int, error) {
	n, err := a.number(i, other)
	if err != nil {
		return 0, err
	}
	for _, o := range offered {
		if n == o {
			return n, nil
		}
	}
	return 0, cme(50)
}
