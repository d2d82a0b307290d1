package modem

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// parseProfiles reads the rows of a file. All faults are told together, each with
// its row and key.
func parseProfiles(text string) (Profiles, error) {
	var file map[string]any
	if _, err := toml.Decode(text, &file); err != nil {
		if at := (toml.ParseError{}); errors.As(err, &at) {
			return nil, fmt.Errorf("line %d: %s", at.Position.Line, at.Message)
		}
		return nil, err
	}
	var faults []string
	var table Profiles
	root := &record{values: file, faults: &faults}
	for i, r := range root.records("profile") {
		row := r.profile()
		if row.Name != "" && table.index(row.Name) >= 0 {
			r.fault("name", "stands there twice")
		}
		if row.Name == "" {
			r.at = fmt.Sprintf("profile %d", i+1)
			r.fault("name", "is missing")
		}
		table = append(table, row)
	}
	root.unknown()
	if len(faults) > 0 {
		return nil, errors.New(strings.Join(faults, "\n"))
	}
	return table, nil
}

var (
	idPattern    = regexp.MustCompile(`^[0-9a-f]{4}:([0-9a-f]{4}|\*)$`)
	classPattern = regexp.MustCompile(`^[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{2}$`)
	cnmiPattern  = regexp.MustCompile(`^[0-3](,[0-3]){1,4}$`)
	// An AT command as it stands in a row. A PIN is entered under its guard only, a
	// message sent from its ledger only.
	commandPattern = regexp.MustCompile(`^[+^#!$%*&A-Za-z][ -~]*$`)
	forbidden      = regexp.MustCompile(`(?i)\+(CPIN|CLCK|CPWD|CMG|CMSS|CNMA)|;`)
)

// profile reads one row.
func (r *record) profile() Profile {
	p := Profile{given: map[string]bool{}}
	for key := range maps.Keys(r.values) {
		p.given[key] = true
	}
	r.text("name", &p.Name)
	if p.Name != "" {
		r.at = p.Name
	}
	r.text("source", &p.Source)
	if p.Source == "" {
		r.fault("source", "is missing: where each fact of the row comes from")
	}
	r.text("like", &p.like)
	const ids = "VID:PID in lower-case hex, PID may be *"
	r.texts("usb", &p.USB, idPattern, ids)
	r.texts("bridge", &p.Bridge, idPattern, ids)
	r.patterns("maker", &p.Maker)
	r.patterns("model", &p.Model)
	if ports, ok := r.record("ports"); ok {
		p.Ports = ports.ports()
		ports.unknown()
	}
	for _, l := range r.records("layout") {
		one := layout{Ports: l.ports()}
		l.texts("usb", &one.usb, idPattern, ids)
		l.unknown()
		p.layout = append(p.layout, one)
	}
	if class, ok := r.record("class"); ok {
		const want = "class/subclass/protocol in lower-case hex"
		class.texts("at", &p.Class.AT, classPattern, want)
		class.texts("ppp", &p.Class.PPP, classPattern, want)
		class.texts("gnss", &p.Class.GNSS, classPattern, want)
		class.texts("diag", &p.Class.Diag, classPattern, want)
		class.unknown()
	}
	if len(p.Bridge) == 0 && len(p.Class.AT) == 0 && !p.matchesOne() {
		r.fault("", "matches no modem: usb, layout, maker, model, class or bridge is wanted")
	}
	r.duration("settle", &p.Settle)
	r.duration("boot", &p.Boot)
	r.choice("dtr", &p.DTR, "on", "off")
	r.choice("rts", &p.RTS, "on", "off")
	r.commands("init", &p.Init)
	r.integer("csms", &p.CSMS, 1, 255)
	r.texts("cnmi", &p.CNMI, cnmiPattern, `two to five values, "2,1,0,1,0"`)
	if walk, ok := r.record("walk"); ok {
		walk.digits("mode", &p.Walk.Mode)
		walk.digits("bm", &p.Walk.BM)
		walk.digits("ds", &p.Walk.DS)
		walk.digits("bfr", &p.Walk.BFR)
		walk.unknown()
	}
	r.choice("receive", &p.Receive, "store", "direct")
	r.choice("cnma", &p.CNMA, "bare", "=0", "=1", "never")
	r.texts("noise", &p.Noise, nil, "")
	for i, name := range p.Noise {
		if name == "" || urcNames[name] != urcNone || isStart(name) || isLateStart(name) || final(name) != notFinal || isHex(name) {
			r.fault(fmt.Sprintf("noise[%d]", i), fmt.Sprintf("%q means something and cannot be noise", name))
		}
	}
	r.commands("radio", &p.Radio)
	r.commands("restart", &p.Restart)
	r.text("explain", &p.Explain)
	for _, m := range r.records("cms") {
		p.CMS = append(p.CMS, m.meaning())
	}
	for i, m := range p.CMS[min(1, len(p.CMS)):] {
		if m.First <= p.CMS[i].Last {
			r.fault(fmt.Sprintf("cms[%d]", i+1), fmt.Sprintf("codes from %d stand after those to %d", m.First, p.CMS[i].Last))
		}
	}
	r.unknown()
	return p
}

func (r *record) ports() (p Ports) {
	r.octets("at", &p.AT)
	r.octets("ppp", &p.PPP)
	r.octets("gnss", &p.GNSS)
	r.octets("diag", &p.Diag)
	r.octets("other", &p.Other)
	return p
}

func (r *record) meaning() (m Meaning) {
	var codes []int
	r.integers("codes", &codes, 512, 1<<16)
	switch {
	case len(codes) == 1:
		m.First, m.Last = codes[0], codes[0]
	case len(codes) == 2 && codes[0] < codes[1]:
		m.First, m.Last = codes[0], codes[1]
	default:
		r.fault("codes", "one code, or the first and the last of several, is wanted")
	}
	r.choice("do", &m.Do, Verbs...)
	r.duration("after", &m.After)
	r.text("hint", &m.Hint)
	switch {
	case m.Do == "":
		r.fault("do", "is missing: "+strings.Join(Verbs, ", "))
	case m.After == 0 && slices.Contains([]string{"retry", "wait", "stuck"}, m.Do):
		r.fault("after", "is missing: how long to wait before the next attempt")
	}
	if m.Hint == "" {
		r.fault("hint", "is missing: what to tell the user")
	}
	r.unknown()
	return m
}

// resolve gives the rows what they have from others, and what is usual.
func (p Profiles) resolve() error {
	var faults []string
	done := map[string]bool{}
	var settle func(i int, above []string)
	settle = func(i int, above []string) {
		row := &p[i]
		if done[row.Name] {
			return
		}
		done[row.Name] = true
		if row.like != "" {
			j := p.index(row.like)
			switch {
			case j < 0:
				faults = append(faults, fmt.Sprintf("%s: like: no row is named %q", row.Name, row.like))
			case slices.Contains(append(above, row.Name), row.like):
				faults = append(faults, fmt.Sprintf("%s: like: %s is like it, in a circle", row.Name, row.like))
			default:
				settle(j, append(above, row.Name))
				row.inherit(&p[j])
			}
		}
		if row.Radio == nil {
			row.Radio = []string{"+CFUN=4", "+CFUN=1"}
		}
		if row.Restart == nil {
			row.Restart = []string{"+CFUN=1,1"}
		}
	}
	for i := range p {
		settle(i, nil)
	}
	if len(faults) > 0 {
		return errors.New(strings.Join(faults, "\n"))
	}
	return nil
}

// inherit takes what the row does not say itself from one that it is like. Who it
// is and where its ports are it has to say itself.
func (p *Profile) inherit(from *Profile) {
	own := *p
	take(&own, "class", &p.Class, from.Class)
	take(&own, "settle", &p.Settle, from.Settle)
	take(&own, "boot", &p.Boot, from.Boot)
	take(&own, "dtr", &p.DTR, from.DTR)
	take(&own, "rts", &p.RTS, from.RTS)
	take(&own, "init", &p.Init, from.Init)
	take(&own, "csms", &p.CSMS, from.CSMS)
	take(&own, "cnmi", &p.CNMI, from.CNMI)
	take(&own, "walk", &p.Walk, from.Walk)
	take(&own, "receive", &p.Receive, from.Receive)
	take(&own, "cnma", &p.CNMA, from.CNMA)
	take(&own, "noise", &p.Noise, from.Noise)
	take(&own, "radio", &p.Radio, from.Radio)
	take(&own, "restart", &p.Restart, from.Restart)
	take(&own, "cms", &p.CMS, from.CMS)
}

func take[T any](own *Profile, key string, to *T, from T) {
	if !own.given[key] {
		*to = from
	}
}
