package modemtest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A form is how a command is used: V.250 5.3 and 5.4.
type form byte

const (
	exec  form = iota // AT+CSQ
	read              // AT+CREG?
	test              // AT+CREG=?
	write             // AT+CREG=1
)

// A command is one of the commands of a command line.
//
// Basic commands (E0, &F, S3=13, D…) carry their number in n, extended ones
// (+CSQ, ^CURC, $QCPDPP) what follows the "=" in args.
type command struct {
	name string // upper case: "E", "&F", "S", "+CSQ"
	form form
	n    int
	args string
}

var errSyntax = errors.New("syntax")

// maxNumber bounds the numbers of basic commands and S-registers.
const maxNumber = 999_999

// parseLine splits what stands between "AT" and the line end into commands.
// With an error come the commands before it: V.250 5.2.1 has them executed.
func parseLine(line string) ([]command, error) {
	p := lineParser{rest: line}
	var cmds []command
	for {
		p.blanks()
		if p.rest == "" {
			return cmds, nil
		}
		c, err := p.command()
		if err != nil {
			return cmds, fmt.Errorf("octet %d: %w", len(line)-len(p.rest), err)
		}
		cmds = append(cmds, c)
		// V.250 5.3 has no semicolon after a basic command; people and firmware do.
		p.blanks()
		if isLetter(c.name[0]) || c.name[0] == '&' {
			p.rest = strings.TrimPrefix(p.rest, ";")
		}
	}
}

type lineParser struct{ rest string }

func (p *lineParser) blanks() { p.rest = strings.TrimLeft(p.rest, " ") }

func (p *lineParser) peek() byte {
	if p.rest == "" {
		return 0
	}
	return p.rest[0]
}

func (p *lineParser) command() (command, error) {
	switch b := upper(p.peek()); {
	case b == ';':
		return command{}, fmt.Errorf("nothing before the semicolon: %w", errSyntax)
	case strings.IndexByte("+^$*%#!", b) >= 0:
		return p.extended()
	case b == 'D':
		// V.250 6.3.1: the dial string is the rest of the line.
		c := command{name: "D", args: p.rest[1:]}
		p.rest = ""
		return c, nil
	case b == 'S':
		p.rest = p.rest[1:]
		return p.register()
	case b == '&' && isLetter(upper2(p.rest)):
		c := command{name: "&" + string(upper2(p.rest))}
		p.rest = p.rest[2:]
		var err error
		c.n, _, err = p.number()
		return c, err
	case isLetter(b):
		c := command{name: string(b)}
		p.rest = p.rest[1:]
		var err error
		c.n, _, err = p.number()
		return c, err
	}
	return command{}, fmt.Errorf("%q begins no command: %w", p.peek(), errSyntax)
}

// register reads S<n>=<value> or S<n>?: V.250 5.3.2.
func (p *lineParser) register() (command, error) {
	n, some, err := p.number()
	if err != nil || !some {
		return command{}, errors.Join(err, errSyntax)
	}
	c := command{name: "S", n: n}
	p.blanks()
	switch p.peek() {
	case '?':
		c.form, p.rest = read, p.rest[1:]
		return c, nil
	case '=':
		p.rest = p.rest[1:]
		v, _, err := p.number()
		c.form, c.args = write, strconv.Itoa(v)
		return c, err
	}
	return command{}, fmt.Errorf("register %d is neither set nor read: %w", n, errSyntax)
}

// extended reads +NAME, +NAME?, +NAME=? or +NAME=args, and the semicolon that
// parts it from the next: V.250 5.4.
func (p *lineParser) extended() (command, error) {
	i := 1
	for i < len(p.rest) && isName(p.rest[i]) {
		i++
	}
	if i == 1 {
		return command{}, fmt.Errorf("no name after %q: %w", p.rest[0], errSyntax)
	}
	c := command{name: strings.ToUpper(p.rest[:i])}
	p.rest = p.rest[i:]
	p.blanks()
	switch p.peek() {
	case '?':
		c.form, p.rest = read, p.rest[1:]
	case '=':
		p.rest = p.rest[1:]
		c.form, c.args = write, p.untilSemicolon()
		if strings.Count(c.args, `"`)%2 != 0 {
			return command{}, fmt.Errorf("%s: a quote stays open: %w", c.name, errSyntax)
		}
		if c.args == "?" {
			c.form, c.args = test, ""
		}
	}
	p.blanks()
	switch p.peek() {
	case 0:
		return c, nil
	case ';':
		p.rest = p.rest[1:]
		return c, nil
	}
	return command{}, fmt.Errorf("%q after %s: %w", p.peek(), c.name, errSyntax)
}

// untilSemicolon takes the arguments; a semicolon in quotes is one of them.
func (p *lineParser) untilSemicolon() string {
	quoted := false
	i := 0
	for ; i < len(p.rest); i++ {
		if p.rest[i] == '"' {
			quoted = !quoted
		} else if p.rest[i] == ';' && !quoted {
			break
		}
	}
	args := strings.Trim(p.rest[:i], " ")
	p.rest = p.rest[i:]
	return args
}

// number reads the decimal digits of a basic command; none is 0 (V.250 5.3.1).
func (p *lineParser) number() (n int, some bool, err error) {
	p.blanks()
	for isDigit(p.peek()) {
		n = n*10 + int(p.peek()-'0')
		if n > maxNumber {
			return 0, true, fmt.Errorf("number too large: %w", errSyntax)
		}
		some, p.rest = true, p.rest[1:]
	}
	return n, some, nil
}

// String is the command as it stands on a command line, without the AT.
func (c command) String() string {
	switch {
	case c == attention:
		return c.name
	case c.name == "S" && c.form == read:
		return fmt.Sprintf("S%d?", c.n)
	case c.name == "S":
		return fmt.Sprintf("S%d=%s", c.n, c.args)
	case c.name == "D":
		return "D" + c.args
	case isLetter(c.name[0]) || c.name[0] == '&':
		return c.name + strconv.Itoa(c.n)
	}
	return c.name + map[form]string{exec: "", read: "?", test: "=?", write: "=" + c.args}[c.form]
}

func upper(b byte) byte {
	if 'a' <= b && b <= 'z' {
		return b - 'a' + 'A'
	}
	return b
}

func upper2(s string) byte {
	if len(s) < 2 {
		return 0
	}
	return upper(s[1])
}

func isLetter(b byte) bool { return 'A' <= b && b <= 'Z' }
func isDigit(b byte) bool  { return '0' <= b && b <= '9' }

// isName reports the characters of an extended command's name: V.250 5.4.1.
func isName(b byte) bool {
	return isLetter(upper(b)) || isDigit(b) || strings.IndexByte("!%-./:_", b) >= 0
}
