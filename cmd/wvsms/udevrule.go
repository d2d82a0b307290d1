package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// localRules is where a rule of this machine stands. Its number is below that of the rules
// that are shipped, which read what it sets.
const localRules = "/etc/udev/rules.d/70-wvsms-local.rules"

type udevRuleCmd struct {
	Device string `arg:"" help:"The AT port: /dev/ttyUSB2, /dev/serial/by-path/…, /dev/ttyAMA0."`
}

// Help tells what to do with the rule.
func (udevRuleCmd) Help() string {
	return `The rule gives one port to the bridge's group and keeps ModemManager off that port; put it to use with

  wvsms udev-rule DEVICE | sudo tee -a ` + localRules + `
  sudo udevadm control --reload && sudo udevadm trigger DEVICE

The port is named by the socket it is plugged into, so that the rule holds for whatever modem is there.`
}

// Run prints the rule.
func (c *udevRuleCmd) Run(std *stdio) error {
	rule, err := udevRule(c.Device)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(std.Out, rule)
	return err
}

// udevRule is the line of localRules that gives the port to the bridge, and to nobody
// else.
func udevRule(device string) (string, error) {
	path, err := filepath.EvalSymlinks(device)
	if err != nil {
		return "", fmt.Errorf("look for the port: %w", err)
	}
	name := filepath.Base(path)
	number, err := os.ReadFile("/sys/class/tty/" + name + "/dev")
	if err != nil {
		return "", fmt.Errorf("%s is no serial port: %w", device, err)
	}
	known, err := udevProperties(strings.TrimSpace(string(number)))
	if err != nil {
		return "", fmt.Errorf("ask what udev knows of %s: %w", device, err)
	}
	switch {
	case known["ID_BUS"] != "usb": // a UART is always in the same place
		return fmt.Sprintf(`SUBSYSTEM=="tty", KERNEL=="%s", ENV{WVSMS_PORT}="1"`, name), nil
	case known["ID_PATH"] == "":
		return "", fmt.Errorf("udev knows no path of %s: name it in a rule by what udevadm info -a %s shows", device, device)
	}
	return fmt.Sprintf(`SUBSYSTEM=="tty", ENV{ID_PATH}=="%s", ENV{ID_USB_INTERFACE_NUM}=="%s", ENV{WVSMS_PORT}="1"`,
		known["ID_PATH"], known["ID_USB_INTERFACE_NUM"]), nil
}

// udevProperties of the character device with this number, "188:2"; none where udev
// keeps none.
func udevProperties(number string) (map[string]string, error) {
	f, err := os.Open("/run/udev/data/c" + number)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	properties := map[string]string{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if property, ok := strings.CutPrefix(lines.Text(), "E:"); ok {
			key, value, _ := strings.Cut(property, "=")
			properties[key] = value
		}
	}
	return properties, lines.Err()
}
