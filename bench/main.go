// Command bench works with what the benchmarks beside it print: it holds one run
// against another, and writes tables and curves into docs/benchmarks.md.
package main

import (
	"fmt"
	"os"
)

const usage = `usage:
	bench compare OLD NEW       each figure beside what it was, and the ratio
	bench render RESULTS DIR    fills DIR/benchmarks.md, and draws its curves there
	bench machine DIR           the machine and the disk under DIR, as lines for a result file`

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 3 && args[0] == "compare":
		was, err := readResults(args[1])
		if err != nil {
			return err
		}
		is, err := readResults(args[2])
		if err != nil {
			return err
		}
		return compare(os.Stdout, was, is)
	case len(args) == 3 && args[0] == "render":
		all, err := readResults(args[1])
		if err != nil {
			return err
		}
		return render(all, args[2])
	case len(args) == 2 && args[0] == "machine":
		return describe(os.Stdout, args[1])
	}
	return fmt.Errorf("%s", usage)
}
