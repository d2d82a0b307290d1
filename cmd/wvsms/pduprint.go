package main

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
)

// objectKeys are the keys of a pduObject in their order.
var objectKeys = func() (keys []string) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[pduObject]()) {
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		keys = append(keys, key)
	}
	return keys
}()

// byKey returns the keys that are set with their values.
func (o *pduObject) byKey() map[string]json.RawMessage {
	set := map[string]json.RawMessage{}
	v := reflect.ValueOf(o).Elem()
	for i, key := range objectKeys {
		if f := v.Field(i); !f.IsZero() {
			b, err := json.Marshal(f.Interface())
			if err != nil {
				panic(err) // the fields are strings, numbers and flags
			}
			set[key] = b
		}
	}
	return set
}

// print writes the object for people: the type, then a key a line; of the bits, those that are set.
func (o *pduObject) print(w io.Writer) {
	if o.Type != nil {
		fmt.Fprintln(w, *o.Type)
	} else {
		fmt.Fprintln(w, "unreadable")
	}
	var bits []string
	v := reflect.ValueOf(o).Elem()
	for i, key := range objectKeys {
		f := v.Field(i)
		if f.IsZero() || key == "type" {
			continue
		}
		if f.Kind() == reflect.Pointer {
			f = f.Elem()
		}
		switch x := f.Interface().(type) {
		case bool:
			if x {
				bits = append(bits, key)
			}
			continue
		case []ieObject:
			for _, ie := range x {
				line(w, key, fmt.Sprintf("%02x %s", ie.IEI, ie.Data))
			}
			continue
		case []string:
			for _, s := range x {
				line(w, "warning", s)
			}
			continue
		}
		if key == "data" || key == "error" {
			line(w, "bits", strings.Join(bits, " "))
			bits = nil
		}
		line(w, key, readable(key, f.Interface()))
	}
	line(w, "bits", strings.Join(bits, " "))
}

// line writes a key and what it says, if anything.
func line(w io.Writer, key, value string) {
	if value != "" {
		fmt.Fprintf(w, "  %-12s %s\n", key, value)
	}
}

// readable tells a value in words.
func readable(key string, value any) string {
	switch x := value.(type) {
	case byte:
		if strings.HasPrefix(key, "address_") || strings.HasPrefix(key, "smsc_") {
			return fmt.Sprint(x)
		}
		return fmt.Sprintf("%d (0x%02x)", x, x)
	case string:
		if key == "text" {
			return strconv.Quote(x)
		}
		return visible(x) // an alphanumeric address may hold line feeds
	case mwiObject:
		state := "none waiting"
		if x.Active {
			state = "waiting"
		}
		return fmt.Sprintf("%s %s, %s", x.Type, state, x.Action)
	case portsObject:
		return fmt.Sprintf("to %d from %d, %d bits", x.Dst, x.Src, x.Bits)
	case concatObject:
		return fmt.Sprintf("segment %d of %d, reference %d, %d bits", x.Seq, x.Total, x.Ref, x.Bits)
	case cspObject:
		return visible(x.String())
	case enhancedObject:
		var words []string
		if x.VP != nil {
			words = append(words, *x.VP)
		}
		if x.SingleShot {
			words = append(words, "single shot")
		}
		return strings.Join(words, ", ")
	default:
		return fmt.Sprint(x)
	}
}
