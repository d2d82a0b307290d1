package modemtest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestPTY is a modem on a real line: opened, closed and opened again by name.
func TestPTY(t *testing.T) {
	link := filepath.Join(t.TempDir(), "modem")
	if err := os.Symlink("/nowhere", link); err != nil { // left by one that crashed
		t.Fatal(err)
	}
	p, err := OpenPTY(link)
	if err != nil {
		t.Fatal(err)
	}
	m := NewAir(AirOptions{}).NewModem(ModemOptions{Number: "+491701"})
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := m.Serve(context.Background(), p); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	script := quietly + "> AT+CMGF=1\n< OK"
	for range 3 {
		te, err := os.OpenFile(link, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		Talk(t, te, script)
		te.Close()
		// The same modem: what was set is still set.
		script = "> AT+CMGF?\n< +CMGF: 1\n< OK"
	}
	p.Close()
	wg.Wait()
	if _, err := os.Lstat(link); err == nil {
		t.Error("the link is still there")
	}
}

func TestPTYHangUp(t *testing.T) {
	p, err := OpenPTY("")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	te, err := os.OpenFile(p.Name(), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.HangUpOnClose(); err != nil {
		t.Fatal(err)
	}
	te.Close()
	m := NewAir(AirOptions{}).NewModem(ModemOptions{Number: "+491701"})
	if err := m.Serve(context.Background(), p); err != nil {
		t.Errorf("serve: %v", err)
	}
}

func TestPTYLeavesFilesAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := OpenPTY(file); err == nil {
		p.Close()
		t.Fatal("a file gave way to the link")
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "x" {
		t.Errorf("the file is %q, %v", b, err)
	}
}
