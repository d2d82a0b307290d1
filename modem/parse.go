package modem

import (
	"strconv"
	"strings"
)

// fields splits the arguments of a result code at commas outside quotes and
// parentheses, and takes blanks and quotes off.
func fields(args string) []string {
	var out []string
	depth, quoted, from := 0, false, 0
	for i := 0; i <= len(args); i++ {
		if i < len(args) {
			switch c := args[i]; {
			case c == '"':
				quoted = !quoted
			case quoted:
			case c == '(':
				depth++
			case c == ')':
				depth--
			}
			if args[i] != ',' || quoted || depth > 0 {
				continue
			}
		}
		out = append(out, strings.Trim(args[from:i], " \""))
		from = i + 1
	}
	return out
}

// number is field i as a number, -1 when there is none.
func number(f []string, i int) int {
	if i >= len(f) {
		return -1
	}
	n, err := strconv.Atoi(strings.TrimSpace(f[i]))
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// values reads one set of a test command's answer: "(0-2)", "(0,2,3)", "1",
// `("SM","ME")`. Ranges are written out.
func values(set string) []string {
	set = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(set), "("), ")")
	var out []string
	for _, v := range strings.Split(set, ",") {
		v = strings.Trim(v, ` "()`)
		from, to, ok := strings.Cut(v, "-")
		a, err1 := strconv.Atoi(strings.TrimSpace(from))
		b, err2 := strconv.Atoi(strings.TrimSpace(to))
		switch {
		case ok && err1 == nil && err2 == nil && b-a < 256:
			for ; a <= b; a++ {
				out = append(out, strconv.Itoa(a))
			}
		case v != "":
			out = append(out, v)
		}
	}
	return out
}

// sets splits a test command's answer into its sets; some modems put
// parentheses around them all.
func sets(args string) []string {
	if strings.HasPrefix(args, "((") && strings.HasSuffix(args, "))") {
		args = args[1 : len(args)-1]
	}
	return fields(args)
}

// answer finds the arguments of the line that begins with a name.
func answer(info []string, names ...string) (string, bool) {
	for _, line := range info {
		for _, n := range names {
			if codeName(line) == n {
				return codeArgs(line), true
			}
		}
	}
	return "", false
}
