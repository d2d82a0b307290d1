package modemtest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A step is one line of a dialogue: see Play.
type step struct {
	line  int // of the script, from 1
	verb  verb
	text  string
	match *regexp.Regexp // with >~ and <~
	pause time.Duration
}

type verb byte

const (
	fromTE verb = iota // >
	toTE               // <
	raw                // <<
	pause              // ~
	hangUp             // !
)

// parseScript reads a dialogue.
func parseScript(script string) ([]step, error) {
	var steps []step
	for i, line := range strings.Split(script, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		st, err := parseStep(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %q: %w", i+1, line, err)
		}
		st.line = i + 1
		steps = append(steps, st)
	}
	return steps, nil
}

func parseStep(line string) (st step, err error) {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case ">", "<":
		st.verb = map[string]verb{">": fromTE, "<": toTE}[word]
		st.text, err = unescape(rest)
	case ">~", "<~":
		st.verb = map[string]verb{">~": fromTE, "<~": toTE}[word]
		st.text = rest
		st.match, err = regexp.Compile("^(?:" + rest + ")$")
	case "<<":
		st.verb = raw
		st.text, err = strconv.Unquote(strings.TrimSpace(rest))
	case "~":
		st.verb = pause
		st.pause, err = time.ParseDuration(rest)
	case "!":
		st.verb = hangUp
	default:
		err = fmt.Errorf("a step begins with >, >~, <, <~, <<, ~, ! or #")
	}
	return st, err
}

// unescape reads ^Z and ^[ at the end and \xHH anywhere.
func unescape(s string) (string, error) {
	if t, ok := strings.CutSuffix(s, "^Z"); ok {
		s = t + `\x1a`
	} else if t, ok := strings.CutSuffix(s, "^["); ok {
		s = t + `\x1b`
	}
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	return strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`)
}
