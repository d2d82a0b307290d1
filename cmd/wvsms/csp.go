package main

import (
	"fmt"
	"io"
	"os"
)

type cspCmd struct {
	Decode cspDecodeCmd `cmd:"" help:"Tell what a CSP message is and what it says."`
	Encode cspEncodeCmd `cmd:"" help:"Make WBXML of XML, or a message of an object as decode --json prints it."`
}

// longestCSP bounds what is read: the longest datagram has 32,640 octets, and XML and
// JSON of it are several times as long.
const longestCSP = 1 << 20

// readCSP reads a file, or standard input for "-".
func readCSP(std *stdio, file string) ([]byte, error) {
	in := std.In
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("read the message: %w", err)
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, longestCSP+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the message: %w", err)
	case len(b) > longestCSP:
		return nil, fmt.Errorf("read the message: %s is longer than %d octets: this is no CSP message", file, longestCSP)
	}
	return b, nil
}
