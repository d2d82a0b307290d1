package main

import (
	_ "embed"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// manual is the manual page but for its commands, which the program knows itself.
//
//go:embed manual.roff
var manual string

const commandsMark = "@COMMANDS@\n"

type manCmd struct{}

// Run prints the manual page, for man -l and for packages.
func (manCmd) Run(app *kong.Context, std *stdio) error {
	before, after, _ := strings.Cut(manual, commandsMark)
	var page strings.Builder
	page.WriteString(before)
	for _, command := range leaves(app.Model.Node) {
		describeCommand(&page, command)
	}
	page.WriteString(after)
	_, err := io.WriteString(std.Out, page.String())
	return err
}

// leaves are the commands that do something, in the order of the help.
func leaves(n *kong.Node) (all []*kong.Node) {
	if n.Leaf() {
		return []*kong.Node{n}
	}
	for _, child := range n.Children {
		if !child.Hidden {
			all = append(all, leaves(child)...)
		}
	}
	return all
}

// commandPath is how a command is called, without the program: "queue list".
func commandPath(n *kong.Node) string {
	path := n.Name
	for p := n.Parent; p != nil && p.Type != kong.ApplicationNode; p = p.Parent {
		path = p.Name + " " + path
	}
	return path
}

func describeCommand(w io.Writer, n *kong.Node) {
	call := commandPath(n)
	for _, arg := range n.Positional {
		call += " " + arg.Summary()
	}
	fmt.Fprintf(w, ".SS %s\n%s\n", roff(call), roff(n.Help))
	if n.Detail != "" {
		describeDetail(w, n.Detail)
	}
	for _, flag := range ownFlags(n) {
		fmt.Fprintf(w, ".TP\n.B %s\n%s\n", roff(flag.String()), roff(flag.Help))
	}
}

// describeDetail gives the paragraphs of a longer help; indented lines are commands to
// type.
func describeDetail(w io.Writer, detail string) {
	for paragraph := range strings.SplitSeq(detail, "\n\n") {
		fmt.Fprintln(w, ".PP")
		if strings.HasPrefix(paragraph, " ") {
			fmt.Fprintf(w, ".nf\n%s\n.fi\n", roff(paragraph))
			continue
		}
		fmt.Fprintln(w, roff(paragraph))
	}
}

// ownFlags are the flags of a command but --help, which all have.
func ownFlags(n *kong.Node) (flags []*kong.Flag) {
	for _, flag := range n.Flags {
		if !flag.Hidden && flag.Name != "help" {
			flags = append(flags, flag)
		}
	}
	return flags
}

// roff is a line of text as man(7) wants it: no backslash, hyphens that can be copied to
// a command line, no accidental request at its begin.
func roff(line string) string {
	line = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...").Replace(line)
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		line = `\&` + line
	}
	return line
}
