package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

// Implementation.
const (
	tailLines = 200
	tailLine  = 2 << 10 // octets of a line
)

// A LogTail keeps the last lines of the log, from level info on, for the page. It is
// written to as zerolog writes: one object in JSON each time.
type LogTail struct {
	mu    sync.Mutex
	lines [tailLines][]byte
	n     int64 // of lines written
}

// Write never fails. What it is given is copied: zerolog writes the next line over it.
func (t *LogTail) Write(line []byte) (int, error) {
	if bytes.HasPrefix(line, []byte(`{"level":"debug"`)) || bytes.HasPrefix(line, []byte(`{"level":"trace"`)) {
		return len(line), nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	at := &t.lines[t.n%tailLines]
	*at = append((*at)[:0], line[:min(len(line), tailLine)]...)
	t.n++
	return len(line), nil
}

// A logLine is one of them, for the page.
type logLine struct {
	N                    int64
	Time, Level, Message string
	Fields               []logField
}

type logField struct{ Name, Value string }

// newest are the lines, the newest first.
func (t *LogTail) newest() (all []logLine) {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for n := t.n - 1; n >= max(0, t.n-tailLines); n-- {
		line := readLine(t.lines[n%tailLines])
		line.N = n
		all = append(all, line)
	}
	return all
}

// readLine takes a line apart, its fields in their order. Of one that was cut the whole
// fields are shown.
func readLine(text []byte) (line logLine) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return logLine{Message: string(bytes.TrimSpace(text))}
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			break
		}
		var value any
		if d.Decode(&value) != nil {
			line.Fields = append(line.Fields, logField{fmt.Sprint(name), "…"})
			break
		}
		switch shown := plain(value); name {
		case "level":
			line.Level = shown
		case "time":
			line.Time = shown
		case "message":
			line.Message = shown
		default:
			line.Fields = append(line.Fields, logField{fmt.Sprint(name), shown})
		}
	}
	return line
}

func plain(value any) string {
	if list, ok := value.([]any); ok {
		var all []string
		for _, v := range list {
			all = append(all, plain(v))
		}
		return strings.Join(all, ", ")
	}
	return fmt.Sprint(value)
}
