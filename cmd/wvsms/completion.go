package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Run prints what a shell needs to complete the commands and flags of the program.
func (c *completionCmd) Run(app *kong.Context, std *stdio) error {
	write := map[string]func(io.Writer, []completion){"bash": completeBash, "zsh": completeZsh, "fish": completeFish}[c.Shell]
	var script strings.Builder
	write(&script, completions(app.Model.Node, ""))
	_, err := io.WriteString(std.Out, script.String())
	return err
}

// A completion is what may follow the words of a command.
type completion struct {
	path  string // "queue list"; "" the program alone
	words []completionWord
}

type completionWord struct{ word, help string }

// completions of a command and of those below it.
func completions(n *kong.Node, path string) []completion {
	own := completion{path: path}
	var below []completion
	for _, child := range n.Children {
		if child.Hidden {
			continue
		}
		own.words = append(own.words, completionWord{child.Name, child.Help})
		below = append(below, completions(child, strings.TrimSpace(path+" "+child.Name))...)
	}
	for _, flag := range ownFlags(n) {
		own.words = append(own.words, completionWord{"--" + flag.Name, flag.Help})
	}
	return append([]completion{own}, below...)
}

// In bash and zsh the words before the cursor are walked to find the command; a flag or
// an argument leaves it as it is. Where nothing fits, files are completed.
func completeBash(w io.Writer, all []completion) {
	fmt.Fprintf(w, `# bash completion of wvsms
_wvsms() {
	local cur=${COMP_WORDS[COMP_CWORD]} path= i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case "$path ${COMP_WORDS[i]}" in
		%s) path="$path ${COMP_WORDS[i]}" ;;
		esac
	done
	local words=
	case "$path" in
`, shellPaths(all))
	for _, c := range all {
		fmt.Fprintf(w, "\t%q) words=%q ;;\n", leadingSpace(c.path), strings.Join(c.names(), " "))
	}
	io.WriteString(w, `	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -o bashdefault -o default -F _wvsms wvsms
`)
}

func completeZsh(w io.Writer, all []completion) {
	fmt.Fprintf(w, `#compdef wvsms
_wvsms() {
	local path_= i
	local -a words_
	for ((i = 2; i < CURRENT; i++)); do
		case "$path_ ${words[i]}" in
		%s) path_="$path_ ${words[i]}" ;;
		esac
	done
	case "$path_" in
`, strings.ReplaceAll(shellPaths(all), " | ", "|"))
	for _, c := range all {
		fmt.Fprintf(w, "\t%q) words_=(\n", leadingSpace(c.path))
		for _, word := range c.words {
			fmt.Fprintf(w, "\t\t%s\n", quoted(strings.ReplaceAll(word.word, ":", `\:`)+":"+word.help))
		}
		io.WriteString(w, "\t) ;;\n")
	}
	io.WriteString(w, `	esac
	_describe wvsms words_ || _files
}
_wvsms "$@"
`)
}

func completeFish(w io.Writer, all []completion) {
	io.WriteString(w, "# fish completion of wvsms\n")
	for _, c := range all {
		condition := "__fish_use_subcommand"
		if c.path != "" {
			condition = ""
			for word := range strings.FieldsSeq(c.path) {
				condition += "; and __fish_seen_subcommand_from " + word
			}
			condition = strings.TrimPrefix(condition, "; and ")
			if commands := c.commands(); len(commands) > 0 {
				condition += "; and not __fish_seen_subcommand_from " + strings.Join(commands, " ")
			}
		}
		for _, word := range c.words {
			what := "-f -a " + word.word
			if flag, ok := strings.CutPrefix(word.word, "--"); ok {
				what = "-l " + flag
			}
			fmt.Fprintf(w, "complete -c wvsms -n %s %s -d %s\n", quoted(condition), what, quoted(word.help))
		}
	}
}

func (c completion) names() (names []string) {
	for _, word := range c.words {
		names = append(names, word.word)
	}
	return names
}

func (c completion) commands() (commands []string) {
	for _, word := range c.words {
		if !strings.HasPrefix(word.word, "-") {
			commands = append(commands, word.word)
		}
	}
	return commands
}

// shellPaths is the pattern of a case that takes every command.
func shellPaths(all []completion) string {
	var patterns []string
	for _, c := range all {
		if c.path != "" {
			patterns = append(patterns, fmt.Sprintf("%q", leadingSpace(c.path)))
		}
	}
	return strings.Join(patterns, " | ")
}

func leadingSpace(path string) string {
	if path == "" {
		return ""
	}
	return " " + path
}

// quoted is text in single quotes, as all three shells take it.
func quoted(text string) string {
	return "'" + strings.NewReplacer("'", "’", `\`, "").Replace(text) + "'"
}
