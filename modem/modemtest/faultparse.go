package modemtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

var kindNames = []string{
	"lose-final", "late-final", "late-answer", "lose-answer", "deaf", "refuse", "belie", "no-prompt", "late-prompt",
	"double-prompt", "split", "cut", "interject", "garbage", "reset", "hang", "stall", "hang-up",
}

var stageNames = []string{"done", "begun", "prompt", "data"}

func (k FaultKind) String() string { return kindNames[k] }
func (s Stage) String() string     { return stageNames[s] }

// ParseFault reads a fault as people write it: its kind, then on=, at=, after=,
// p= and times=, and text= with the rest of the line:
//
//	late-final on=+CMGS after=60s
//	refuse on=+CMGS times=3 text=+CMS ERROR: 38
func ParseFault(s string) (Fault, error) {
	word, rest, _ := strings.Cut(strings.TrimSpace(s), " ")
	kind := slices.Index(kindNames, word)
	if kind < 0 {
		return Fault{}, fmt.Errorf("read the fault: %q is none of %s", word, strings.Join(kindNames, ", "))
	}
	f := Fault{Kind: FaultKind(kind)}
	for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
		key, value, ok := strings.Cut(rest, "=")
		if !ok {
			return f, fmt.Errorf("read the fault: %q is no key=value", rest)
		}
		if key == "text" {
			f.Text = value
			return f, nil
		}
		value, rest, _ = strings.Cut(value, " ")
		var err error
		switch key {
		case "on":
			f.On = strings.ToUpper(value)
		case "at":
			f.At = Stage(slices.Index(stageNames, value))
			if f.At < 0 {
				err = fmt.Errorf("%q is none of %s", value, strings.Join(stageNames, ", "))
			}
		case "after":
			f.After, err = time.ParseDuration(value)
		case "p":
			f.P, err = strconv.ParseFloat(value, 64)
		case "times":
			f.Times, err = strconv.Atoi(value)
		default:
			err = fmt.Errorf("unknown key")
		}
		if err != nil {
			return f, fmt.Errorf("read the fault: %s: %w", key, err)
		}
	}
	return f, nil
}
