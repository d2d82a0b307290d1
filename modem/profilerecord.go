package modem

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A record is one table of the profiles' file while it is read. What was asked for
// is crossed off; what is left is not known.
type record struct {
	at     string
	values map[string]any
	faults *[]string
}

func (r *record) fault(key, what string) {
	at := r.at
	if at != "" && key != "" {
		at += ": "
	}
	*r.faults = append(*r.faults, at+key+": "+what)
}

// value takes a key out; false if it is absent or no T.
func value[T any](r *record, key, want string) (T, bool) {
	v, ok := r.values[key]
	delete(r.values, key)
	typed, fits := v.(T)
	if ok && !fits {
		r.fault(key, fmt.Sprintf("%v: %s is wanted", v, want))
	}
	return typed, ok && fits
}

func (r *record) unknown() {
	keys := []string{}
	for key := range r.values {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		r.fault(key, "no such key")
	}
}

func (r *record) text(key string, to *string) {
	if s, ok := value[string](r, key, "a text"); ok {
		*to = s
	}
}

func (r *record) choice(key string, to *string, words ...string) {
	if s, ok := value[string](r, key, "a text"); ok {
		if *to = s; !slices.Contains(words, s) {
			r.fault(key, fmt.Sprintf("%q: one of %s is wanted", s, strings.Join(words, ", ")))
		}
	}
}

func (r *record) texts(key string, to *[]string, form *regexp.Regexp, want string) {
	list, ok := value[[]any](r, key, "a list of texts")
	if !ok {
		return
	}
	*to = []string{}
	for i, v := range list {
		s, ok := v.(string)
		switch {
		case !ok:
			r.fault(fmt.Sprintf("%s[%d]", key, i), fmt.Sprintf("%v: a text is wanted", v))
		case form != nil && !form.MatchString(s):
			r.fault(fmt.Sprintf("%s[%d]", key, i), fmt.Sprintf("%q: %s", s, want))
		default:
			*to = append(*to, s)
		}
	}
}

// patterns are compared in lower case.
func (r *record) patterns(key string, to *[]string) {
	r.texts(key, to, nil, "")
	for i, s := range *to {
		if s == "" || s != strings.ToLower(s) || strings.ContainsAny(s, `[]\`) {
			r.fault(fmt.Sprintf("%s[%d]", key, i), fmt.Sprintf("%q: lower-case letters are wanted, of special ones * and ? only", s))
		}
	}
}

func (r *record) commands(key string, to *[]string) {
	r.texts(key, to, commandPattern, "an AT command without AT is wanted")
	for i, s := range *to {
		if forbidden.MatchString(s) {
			r.fault(fmt.Sprintf("%s[%d]", key, i), fmt.Sprintf("%q: PINs, messages and several commands in one are not for a row", s))
		}
	}
}

func (r *record) integer(key string, to *int, low, high int64) {
	n, ok := value[int64](r, key, "a number")
	switch {
	case !ok:
	case n < low || n > high:
		r.fault(key, fmt.Sprintf("%d: a number from %d to %d is wanted", n, low, high))
	default:
		*to = int(n)
	}
}

func (r *record) integers(key string, to *[]int, low, high int64) {
	list, ok := value[[]any](r, key, "a list of numbers")
	if !ok {
		return
	}
	*to = []int{}
	for i, v := range list {
		n, ok := v.(int64)
		if !ok || n < low || n > high {
			r.fault(fmt.Sprintf("%s[%d]", key, i), fmt.Sprintf("%v: a number from %d to %d is wanted", v, low, high))
			continue
		}
		*to = append(*to, int(n))
	}
}

func (r *record) octets(key string, to *[]uint8) {
	var list []int
	r.integers(key, &list, 0, 31)
	for _, n := range list {
		*to = append(*to, uint8(n))
	}
}

func (r *record) digits(key string, to *[]string) {
	var list []int
	r.integers(key, &list, 0, 3)
	for _, n := range list {
		*to = append(*to, strconv.Itoa(n))
	}
}

var durationPattern = regexp.MustCompile(`^[0-9]+[smh]$`)

func (r *record) duration(key string, to *time.Duration) {
	s, ok := value[string](r, key, `a duration such as "20s"`)
	if !ok {
		return
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 || d > time.Hour || !durationPattern.MatchString(s) {
		r.fault(key, fmt.Sprintf("%q: a duration such as \"20s\" is wanted, up to an hour", s))
		return
	}
	*to = d
}

func (r *record) record(key string) (*record, bool) {
	values, ok := value[map[string]any](r, key, "a table")
	return r.below(key, values), ok
}

// records are the tables of a key, however they are written.
func (r *record) records(key string) (list []*record) {
	v, ok := r.values[key]
	delete(r.values, key)
	var tables []map[string]any
	switch v := v.(type) {
	case []map[string]any:
		tables = v
	case []any:
		for i, one := range v {
			table, ok := one.(map[string]any)
			if !ok {
				r.fault(fmt.Sprintf("%s[%d]", key, i), "a table is wanted")
				continue
			}
			tables = append(tables, table)
		}
	default:
		if ok {
			r.fault(key, "a list of tables is wanted")
		}
	}
	for i, table := range tables {
		list = append(list, r.below(fmt.Sprintf("%s[%d]", key, i), table))
	}
	return list
}

func (r *record) below(key string, values map[string]any) *record {
	at := key
	if r.at != "" {
		at = r.at + ": " + key
	}
	return &record{at: at, values: values, faults: r.faults}
}
