package main

import (
	"context"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wvsms/pdu"
	"wvsms/pdu/wdp"
)

// watch tells of each file of a folder once, when it has a mark: a peer may still write it.
func watch(b *testing.B, folder string, arrived func([]byte)) {
	told := map[string]bool{}
	live(b, func(ctx context.Context) error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(5 * time.Millisecond):
			}
			entries, err := os.ReadDir(folder)
			if err != nil {
				return err
			}
			for _, e := range entries {
				if told[e.Name()] {
					continue
				}
				content, err := os.ReadFile(filepath.Join(folder, e.Name()))
				if err == nil && markOf.Match(content) {
					told[e.Name()] = true
					arrived(content)
				}
			}
		}
	})
}

// put gives a file its name when it is whole.
func put(file string, content []byte) error {
	draft := filepath.Join(filepath.Dir(filepath.Dir(file)), "draft-"+filepath.Base(file))
	if err := os.WriteFile(draft, content, 0o600); err != nil {
		return err
	}
	return os.Rename(draft, file)
}

// segmentsOf cuts a datagram for port 3590, for peers that do not.
func segmentsOf(payload []byte, ref uint16) ([]pdu.UserData, error) {
	return wdp.Datagram{Dst: 3590, Src: 3590, Data: payload}.Segment(wdp.Ref{Value: ref})
}

// headerOf is the user data header with its length, in hex.
func headerOf(ud pdu.UserData) string {
	var h []byte
	for _, ie := range ud.UDH {
		h = append(h, byte(ie.ID), byte(len(ie.Data)))
		h = append(h, ie.Data...)
	}
	return strings.ToUpper(hex.EncodeToString(append([]byte{byte(len(h))}, h...)))
}
