package bridge

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
)

// differences names the keys in which two configurations differ, as faults name them. The
// fields are named as the keys are, or say theirs in a tag, which ends in "_" where it only
// begins those below: what comes to a table later is compared, too.
func differences(a, b Config) []string {
	var keys []string
	differ("", reflect.ValueOf(a), reflect.ValueOf(b), &keys)
	return keys
}

func differ(key string, a, b reflect.Value, keys *[]string) {
	switch {
	case a.Kind() == reflect.Struct && !a.Type().Implements(stringer):
		for i := range a.NumField() {
			f := a.Type().Field(i)
			if !f.IsExported() {
				continue
			}
			at := key
			switch name := keyOfField(f); {
			case f.Anonymous && f.Tag == "":
			case key == "" || strings.HasSuffix(key, "_"):
				at += name
			default:
				at += "." + name
			}
			differ(at, a.Field(i), b.Field(i), keys)
		}
	case a.Kind() == reflect.Slice && a.Type().Elem().Kind() == reflect.Struct && a.Len() == b.Len():
		for i := range a.Len() {
			differ(fmt.Sprintf("%s[%d]", key, i), a.Index(i), b.Index(i), keys)
		}
	case !reflect.DeepEqual(a.Interface(), b.Interface()):
		*keys = append(*keys, key)
	}
}

var stringer = reflect.TypeFor[fmt.Stringer]()

// keyOfField is the key that a field holds: SegmentsPer30d is segments_per_30d.
func keyOfField(f reflect.StructField) string {
	if key := f.Tag.Get("key"); key != "" {
		return key
	}
	var key []rune
	var before rune
	for i, r := range f.Name {
		word := unicode.IsUpper(r) && !unicode.IsUpper(before) || unicode.IsDigit(r) && !unicode.IsDigit(before)
		if word && i > 0 {
			key = append(key, '_')
		}
		key = append(key, unicode.ToLower(r))
		before = r
	}
	return string(key)
}

// live tells whether a key counts at once when the configuration is read again.
func live(key string) bool {
	for _, table := range []string{"limits", "csp", "peer", "token"} {
		if key == table || strings.HasPrefix(key, table+".") || strings.HasPrefix(key, table+"[") {
			return true
		}
	}
	modem := strings.HasPrefix(key, "modem[")
	return key == "log.level" || modem && (strings.HasSuffix(key, "].segments_per_day") || strings.HasSuffix(key, "].segments_per_30d"))
}
