package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"wvsms/modem/modemtest"
)

// runSim runs `wvsms sim` and returns what it prints, line after line.
func runSim(t *testing.T, c simCmd) *bufio.Scanner {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	out, in := io.Pipe()
	var running sync.WaitGroup
	running.Go(func() {
		defer in.Close()
		if err := c.Run(ctx, &stdio{In: strings.NewReader(""), Out: in, Err: io.Discard}); err != nil {
			t.Errorf("sim: %v", err)
		}
	})
	t.Cleanup(func() {
		stop()
		out.Close()
		running.Wait()
	})
	return bufio.NewScanner(out)
}

func openTE(t *testing.T, path string) *os.File {
	t.Helper()
	te, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { te.Close() })
	return te
}

func TestSimModemsReachEachOther(t *testing.T) {
	link := filepath.Join(t.TempDir(), "m")
	lines := runSim(t, simCmd{Number: "+491700000009", Count: 2, Link: link, Profile: "generic", JSON: true, EchoHandset: "+491799"})
	paths := map[string]string{}
	for range 2 {
		if !lines.Scan() {
			t.Fatal("sim printed too few lines")
		}
		var m struct{ Number, Path, Profile string }
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		paths[m.Number] = m.Path
	}
	if len(paths) != 2 || paths["+491700000010"] != link+"-2" {
		t.Fatalf("modems at %v", paths)
	}
	a, b := openTE(t, paths["+491700000009"]), openTE(t, paths["+491700000010"])
	modemtest.Talk(t, b, `
		> ATE0+CNMI=2,1
		<~ ATE0.*
		< OK
		> AT+CMGF=1
		< OK`)
	modemtest.Talk(t, a, `
		> ATE0+CMGF=1;+CNMI=2,1
		<~ ATE0.*
		< OK
		> AT+CMGS="+491700000010"
		<< "\r\n> "
		> from one modem to another^Z
		< +CMGS: 1
		< OK
		> AT+CMGS="+491799"
		<< "\r\n> "
		> echo^Z
		< +CMGS: 2
		< OK
		< +CMTI: "SM",1
		> AT+CMGR=1
		<~ \+CMGR: "REC UNREAD","\+491799",.*
		< echo
		< OK`)
	modemtest.Talk(t, b, `
		< +CMTI: "SM",1
		> AT+CMGR=1
		<~ \+CMGR: "REC UNREAD","\+491700000009",.*
		< from one modem to another
		< OK`)
}

func TestSimControl(t *testing.T) {
	dir := t.TempDir()
	control, link := filepath.Join(dir, "control"), filepath.Join(dir, "m")
	lines := runSim(t, simCmd{Number: "+491701", Count: 1, Link: link, Profile: "generic", Control: control})
	if !lines.Scan() || lines.Text() != "+491701 "+link {
		t.Fatalf("sim printed %q", lines.Text())
	}
	conn, err := net.Dial("unix", control)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	answers := bufio.NewScanner(conn)
	do := func(command, want string) {
		t.Helper()
		if _, err := io.WriteString(conn, command+"\n"); err != nil {
			t.Fatal(err)
		}
		if !answers.Scan() || !strings.HasPrefix(answers.Text(), want) {
			t.Fatalf("%s: %q, want %q", command, answers.Text(), want)
		}
	}
	te := openTE(t, link)
	modemtest.Talk(t, te, "> ATE0+CREG=1\n<~ ATE0.*\n< OK")
	do("creg +491701 3 1", "OK")
	do("csq +491701 7", "OK")
	do("urc +491701 ^RSSI:7", "OK")
	do("fault +491701 refuse on=+CMGF text=+CMS ERROR: 38", "OK")
	modemtest.Talk(t, te, `
		< +CREG: 3
		< ^RSSI:7
		> AT+CSQ
		< +CSQ: 7,99
		< OK
		> AT+CMGF=1
		< +CMS ERROR: 38`)
	do("creg +491701 1 1", "OK")
	do("deliver +491701 04069194712000000010100000000002E834", "OK")
	modemtest.Talk(t, te, "< +CREG: 1\n~ 1s\n> AT+CMGL=4\n< +CMGL: 1,0,,18\n<~ .*02E834\n< OK")
	do("counts", "OK accepted=0")
	do("csq +499 7", "ERR")
	do("csq +491701 much", "ERR")
	do("explode +491701", "ERR")
	do("fault +491701 explode", "ERR")

	// Pulled out: the line closes, and comes back under its name.
	do("hangup +491701", "OK")
	if !lines.Scan() || lines.Text() != "+491701 "+link {
		t.Fatalf("sim printed %q", lines.Text())
	}
	modemtest.Talk(t, openTE(t, link), "> AT+CMGL=4\n< AT+CMGL=4\n< +CMGL: 1,1,,18\n<~ .*02E834\n< OK")
}

func TestSimUsage(t *testing.T) {
	good := simCmd{Number: "+491701", Count: 1, Profile: "generic"}
	for name, spoil := range map[string]func(c *simCmd){
		"number":       func(c *simCmd) { c.Number = "many" },
		"profile":      func(c *simCmd) { c.Profile = "nokia" },
		"count":        func(c *simCmd) { c.Count = 0 },
		"echo":         func(c *simCmd) { c.EchoHandset = "home" },
		"key":          func(c *simCmd) { c.Modem = []string{"colour=red"} },
		"no key":       func(c *simCmd) { c.Modem = []string{"red"} },
		"slots":        func(c *simCmd) { c.Modem = []string{"sim=none"} },
		"number twice": func(c *simCmd) { c.Modem = []string{"number=+491701", "number=+491701"} },
	} {
		t.Run(name, func(t *testing.T) {
			c := good
			spoil(&c)
			err := c.Run(context.Background(), &stdio{Out: io.Discard})
			var usage usageError
			if !errors.As(err, &usage) {
				t.Errorf("got %v, want a usage error", err)
			}
		})
	}
}

func TestParseSimSpec(t *testing.T) {
	got, err := parseSimSpec("number=+49170,pin=1234,profile=huawei,smsc=none,link=/tmp/x,sim=5,me=7", simSpec{})
	want := simSpec{number: "+49170", pin: "1234", profile: "huawei", smsc: "none", link: "/tmp/x", simSlots: 5, meSlots: 7}
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if n := countUp("+49179", 21); n != "+49200" {
		t.Errorf("21 after +49179 is %s", n)
	}
}

// The names that people have in their scripts stay.
func TestFindProfile(t *testing.T) {
	for _, name := range []string{"generic", "huawei", "quectel", "simcom", "a7670e", "sim800", "stranger-7"} {
		if p, err := findProfile(name); err != nil || p.Name != name {
			t.Errorf("%s: %s, %v", name, p.Name, err)
		}
	}
	for _, name := range []string{"nokia", "stranger-", "stranger--1", ""} {
		if p, err := findProfile(name); err == nil || !strings.Contains(err.Error(), "huawei-stick") {
			t.Errorf("%q: %s, %v", name, p.Name, err)
		}
	}
}
