package bridge

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Faults are what is wrong with a configuration, all of it at once.
type Faults []Fault

// A Fault is what is wrong with one key.
type Fault struct {
	Key  string `json:"key"`
	Text string `json:"fault"`
}

func (f Faults) Error() string {
	var lines []string
	for _, one := range f {
		lines = append(lines, one.Key+": "+one.Text)
	}
	return strings.Join(lines, "\n")
}

// A table is one TOML table while it is read. What was asked for is crossed off;
// what is left is unknown.
type table struct {
	path   string // "" for the whole file
	index  int    // among tables of the same name
	values map[string]any
	faults *Faults
}

func (t *table) fault(key, what string) {
	at := t.path
	switch {
	case at == "":
		at = key
	case key != "":
		at += "." + key
	}
	*t.faults = append(*t.faults, Fault{at, what})
}

// faulty tells whether key, or what stands below it, has a fault already: it would
// only lead to others.
func (t *table) faulty(key string) bool {
	at := key
	if t.path != "" {
		at = t.path + "." + key
	}
	return slices.ContainsFunc(*t.faults, func(f Fault) bool { return strings.HasPrefix(f.Key, at) })
}

// take returns the value of key as a T; false if it is absent or of another type.
func take[T any](t *table, key, want string) (T, bool) {
	value, ok := t.values[key]
	delete(t.values, key)
	typed, fits := value.(T)
	if ok && !fits {
		t.fault(key, fmt.Sprintf("%s: %s is wanted", shown(value), want))
	}
	return typed, ok && fits
}

// shown is a value as its writer knows it; a table is named, for it may be long.
func shown(value any) string {
	switch value.(type) {
	case map[string]any:
		return "a table"
	case []any, []map[string]any:
		return "a list"
	case string:
		return fmt.Sprintf("%q", value)
	}
	return fmt.Sprint(value)
}

func (t *table) unknown() {
	for key := range t.values {
		t.fault(key, "unknown key")
	}
}

func (t *table) table(key string, read func(*table)) {
	values, _ := take[map[string]any](t, key, "a table ["+key+"]")
	if values == nil {
		values = map[string]any{}
	}
	sub := &table{path: strings.TrimPrefix(t.path+"."+key, "."), values: values, faults: t.faults}
	read(sub)
	sub.unknown()
}

func (t *table) tables(key string, read func(*table)) {
	list, _ := take[[]map[string]any](t, key, "a list of tables [["+key+"]]")
	for i, values := range list {
		sub := &table{path: fmt.Sprintf("%s[%d]", key, i), index: i, values: values, faults: t.faults}
		read(sub)
		sub.unknown()
	}
}

func (t *table) text(key string, to *string) {
	if s, ok := take[string](t, key, "a string"); ok {
		*to = s
	}
}

func (t *table) texts(key string, to *[]string) {
	list, ok := take[[]any](t, key, "a list of strings")
	if !ok {
		return
	}
	texts := []string{}
	for i, value := range list {
		s, ok := value.(string)
		if !ok {
			t.fault(fmt.Sprintf("%s[%d]", key, i), fmt.Sprintf("%v: a string is wanted", value))
		}
		texts = append(texts, s)
	}
	*to = texts
}

func (t *table) integer(key string, to *int, least, most int) {
	n, ok := take[int64](t, key, "a whole number")
	if !ok {
		return
	}
	if n < int64(least) || n > int64(most) {
		t.fault(key, fmt.Sprintf("%d: %d to %d", n, least, most))
		return
	}
	*to = int(n)
}

func (t *table) duration(key string, to *time.Duration) {
	s, ok := take[string](t, key, `a duration such as "30d"`)
	if !ok {
		return
	}
	d, err := parseDuration(s)
	if err != nil {
		t.fault(key, err.Error())
		return
	}
	*to = d
}

// level is how a line of a UART is left.
func (t *table) level(key string, to *string) {
	if t.text(key, to); *to != "" && *to != "on" && *to != "off" {
		t.fault(key, fmt.Sprintf("%q: on or off", *to))
	}
}

func (t *table) ports(key string, to *[]uint16) {
	list, ok := take[[]any](t, key, "a list of port numbers")
	if !ok {
		return
	}
	ports := []uint16{}
	for i, value := range list {
		n, ok := value.(int64)
		if !ok || n < 1 || n > 49151 {
			t.fault(fmt.Sprintf("%s[%d]", key, i), fmt.Sprintf("%v: a port number from 1 to 49151 is wanted", value))
			continue
		}
		ports = append(ports, uint16(n))
	}
	*to = ports
}

func (t *table) patterns(key string, to *Patterns) {
	var list []string
	t.texts(key, &list)
	if list == nil {
		return
	}
	for i, p := range list {
		if at := fmt.Sprintf("%s[%d]", key, i); !(Patterns{p}).valid() && !t.faulty(at) {
			t.fault(at, fmt.Sprintf("%q: a number, or the beginning of one and *", p))
		}
	}
	*to = list
}

func (t *table) loopback(key, addr string) {
	if err := CheckLoopback(addr); err != nil && !t.faulty(key) {
		t.fault(key, err.Error())
	}
}

// Patterns are numbers, or beginnings of numbers followed by *.
type Patterns []string

// Match tells whether one of the patterns covers the number.
func (p Patterns) Match(number string) bool {
	for _, pattern := range p {
		if prefix, wild := strings.CutSuffix(pattern, "*"); wild && strings.HasPrefix(number, prefix) || pattern == number {
			return true
		}
	}
	return false
}

func (p Patterns) valid() bool {
	for _, pattern := range p {
		if pattern == "" || strings.Contains(strings.TrimSuffix(pattern, "*"), "*") {
			return false
		}
	}
	return true
}
