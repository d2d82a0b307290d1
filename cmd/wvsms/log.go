package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"wvsms/bridge"
)

// newLogger writes the log to w as the configuration says, and each line in JSON to others.
// Of which levels, whoever uses it says.
func newLogger(w io.Writer, c bridge.LogConfig, others ...io.Writer) zerolog.Logger {
	zerolog.TimeFieldFormat = "2006-01-02T15:04:05.000Z07:00"
	return zerolog.New(newLogWriter(w, c, isJournal(w), others...)).With().Timestamp().Logger()
}

// A logWriter is the end of the log: no line reaches anybody but through it. Senders of
// short messages, modems and clients have a say in what a line holds, and none of them
// makes it two lines, moves a terminal's cursor or has a number told that is not to be.
type logWriter struct {
	out     io.Writer
	others  []io.Writer // they get JSON
	redact  bool
	journal bool // the journal knows the time, and reads the level from the line's begin

	mu      sync.Mutex
	line    bytes.Buffer
	console *zerolog.ConsoleWriter // nil: JSON
}

func newLogWriter(w io.Writer, c bridge.LogConfig, journal bool, others ...io.Writer) *logWriter {
	l := &logWriter{out: w, others: others, redact: c.Redact, journal: journal}
	if c.Format == "console" {
		l.console = &zerolog.ConsoleWriter{Out: &l.line, TimeFormat: "15:04:05.000", NoColor: journal || !isTerminal(w), FormatPrepare: tame}
		if journal {
			l.console.PartsExclude = []string{zerolog.TimestampFieldName}
		}
	}
	return l
}

// Write takes a line that has no level.
func (l *logWriter) Write(line []byte) (int, error) { return l.WriteLevel(zerolog.NoLevel, line) }

// WriteLevel takes one line, in JSON.
func (l *logWriter) WriteLevel(level zerolog.Level, line []byte) (int, error) {
	shown := line
	if l.redact {
		shown = bridge.Redact(line)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range l.others {
		w.Write(shown)
	}
	l.line.Reset()
	if l.journal {
		fmt.Fprintf(&l.line, "<%d>", priority(level))
	}
	if l.console == nil {
		l.line.Write(appendPlain(l.line.AvailableBuffer(), shown))
	} else if _, err := l.console.Write(shown); err != nil {
		return 0, err
	}
	if _, err := l.out.Write(l.line.Bytes()); err != nil {
		return 0, err
	}
	return len(line), nil
}

// priority is a level as syslog has it (sd-daemon(3)).
func priority(level zerolog.Level) int {
	switch level {
	case zerolog.TraceLevel, zerolog.DebugLevel:
		return 7
	case zerolog.WarnLevel:
		return 4
	case zerolog.ErrorLevel:
		return 3
	case zerolog.FatalLevel, zerolog.PanicLevel:
		return 2
	}
	return 6
}

// tame escapes in the values of a line what a terminal might obey. Of single strings the
// ConsoleWriter does it itself where they are no message: it quotes them.
func tame(line map[string]any) error {
	for name, value := range line {
		text, plain := value.(string)
		switch {
		case plain && name == zerolog.MessageFieldName:
			line[name] = visible(text)
		case !plain:
			line[name] = tamed(value)
		}
	}
	return nil
}

func tamed(value any) any {
	switch value := value.(type) {
	case string:
		return visible(value)
	case []any:
		for i := range value {
			value[i] = tamed(value[i])
		}
	case map[string]any:
		for name := range value {
			value[name] = tamed(value[name])
		}
	}
	return value
}

// appendPlain appends a line of JSON in which what no terminal prints is escaped: the
// encoder does that for the control characters of ASCII alone.
func appendPlain(b, line []byte) []byte {
	for len(line) > 0 {
		r, n := utf8.DecodeRune(line)
		switch {
		case r < 0x7F || strconv.IsPrint(r):
			b = append(b, line[:n]...)
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			b = fmt.Appendf(b, `\u%04x\u%04x`, high, low)
		default:
			b = fmt.Appendf(b, `\u%04x`, r)
		}
		line = line[n:]
	}
	return b
}

// isJournal tells whether w leads to the journal, as systemd says (systemd.exec(5)).
func isJournal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	var st unix.Stat_t
	if unix.Fstat(int(f.Fd()), &st) != nil {
		return false
	}
	return os.Getenv("JOURNAL_STREAM") == fmt.Sprintf("%d:%d", st.Dev, st.Ino)
}

// isTerminal tells whether somebody looks at it; /dev/null is a character device, too.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
