package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// What stands between these two lines is written here; the rest of the page by hand. The
// first says what is wanted:
//
//	<!-- bench table of=Name units=a,b -->       the figures of a benchmark; all units where none is named
//	<!-- bench peers of=Name -->                 Name/work/program, the programs side by side
//	<!-- bench curve of=Name x=depth units=a,b file=bench-x.svg -->
//	<!-- bench machine -->                       when and on what it was measured
//	<!-- /bench -->
var orders = regexp.MustCompile(`(?ms)^<!-- bench ([^\n]*) -->\n(.*?)^<!-- /bench -->$`)

const page = "benchmarks.md"

// render fills the page in dir and draws its curves beside it.
func render(all results, dir string) error {
	path := filepath.Join(dir, page)
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("render: %w", err)
	}
	filled, curves, err := fillPage(string(text), all)
	if err != nil {
		return fmt.Errorf("render %s: %w", path, err)
	}
	for name, svg := range curves {
		if err := os.WriteFile(filepath.Join(dir, name), svg, 0o644); err != nil {
			return fmt.Errorf("render: %w", err)
		}
	}
	if err := os.WriteFile(path, []byte(filled), 0o644); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	return nil
}

// fillPage returns the page, and its curves by the names of their files.
func fillPage(text string, all results) (string, map[string][]byte, error) {
	var faults []error
	curves := map[string][]byte{}
	text = orders.ReplaceAllStringFunc(text, func(block string) string {
		order := orders.FindStringSubmatch(block)[1]
		body, err := all.write(order, curves)
		if err != nil {
			faults = append(faults, fmt.Errorf("%q: %w", order, err))
			return block
		}
		return "<!-- bench " + order + " -->\n" + body + "<!-- /bench -->"
	})
	return text, curves, errors.Join(faults...)
}

const unmeasured = "Not measured.\n"

func (all results) write(order string, curves map[string][]byte) (string, error) {
	words := strings.Fields(order)
	if len(words) == 0 {
		return "", errors.New("says nothing")
	}
	arg := map[string]string{}
	for _, word := range words[1:] {
		key, value, ok := strings.Cut(word, "=")
		if !ok {
			return "", fmt.Errorf("%q is no key=value", word)
		}
		arg[key] = value
	}
	var units []string
	if arg["units"] != "" {
		units = strings.Split(arg["units"], ",")
	}
	some := all.of(arg["of"])
	switch words[0] {
	case "machine":
		return all.machine(), nil
	case "table":
		return table(some, units), nil
	case "peers":
		return sideBySide(some), nil
	case "curve":
		if arg["file"] == "" || filepath.Base(arg["file"]) != arg["file"] {
			return "", fmt.Errorf("file=%q names no file beside the page", arg["file"])
		}
		drawn := lines(some, arg["x"], units)
		if len(drawn) == 0 {
			return unmeasured, nil
		}
		curves[arg["file"]] = plot(arg["x"], strings.Join(units, ", "), drawn)
		return fmt.Sprintf("![%s over %s](%s)\n", strings.Join(units, ", "), arg["x"], arg["file"]), nil
	}
	return "", fmt.Errorf("%q is none of table, peers, curve, machine", words[0])
}

// machine tells the lines of configuration. One that was measured in parts has several of some.
func (all results) machine() string {
	var order []string
	byKey := map[string][]string{}
	for _, p := range all.config {
		if p.key == "pkg" {
			continue
		}
		if byKey[p.key] == nil {
			order = append(order, p.key)
		}
		byKey[p.key] = append(byKey[p.key], p.value)
	}
	if len(order) == 0 {
		return unmeasured
	}
	b := strings.Builder{}
	b.WriteString("| | |\n|---|---|\n")
	for _, key := range order {
		fmt.Fprintf(&b, "| %s | %s |\n", key, cell(strings.Join(byKey[key], "; ")))
	}
	return b.String()
}
