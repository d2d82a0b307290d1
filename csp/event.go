package csp

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Implementation.
const (
	// maxDocument bounds what is read and what is made of it, in octets. Bearers of short
	// messages carry 32,640 at most; a string table lets few octets stand for very many.
	maxDocument = 1 << 20
	// maxDepth bounds how deep elements nest; those of CSP do not reach 20.
	maxDepth = 64
)

// An event is a step through a document, the same in both syntaxes.
type event struct {
	kind  eventKind
	name  string      // of start and end
	space string      // of start: the namespace, its own or inherited
	attrs []attribute // of start, without xmlns
	text  string
	leaf  bool // of text: it is all that the element has, and no user's in ContentData
}

type eventKind int

const (
	startEvent eventKind = iota
	textEvent
	endEvent
)

type attribute struct{ name, value string }

// A source gives a document step by step, and io.EOF behind it. Its dialect is known
// from the first event on, and nil where the document does not tell.
type source interface {
	next() (event, error)
	dialect() *dialect
}

// copyTo hands everything to a writer.
func copyTo(write func(event) error, s source) error {
	for {
		e, err := s.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := write(e); err != nil {
			return err
		}
	}
}

// A nesting is what a source knows of where it is. It holds back events, because only
// what follows a text tells whether it is all that the element has.
type nesting struct {
	open  []openElement
	queue []event
	begun bool
}

type openElement struct {
	name, space string
	parent      bool
	content     bool // it is in ContentData
}

var (
	errDepth = fmt.Errorf("elements nest deeper than %d", maxDepth)
	errRoots = errors.New("there is something behind the root element")
)

func (n *nesting) start(e event) error {
	switch {
	case len(n.open) == maxDepth:
		return errDepth
	case len(n.open) == 0 && n.begun:
		return errRoots
	case len(n.open) > 0:
		n.open[len(n.open)-1].parent = true
	}
	n.begun = true
	n.open = append(n.open, openElement{name: e.name, space: e.space, content: n.inContent()})
	n.queue = append(n.queue, e)
	return nil
}

// text takes a text that ends here. White space alone is layout, but in ContentData it
// is the message, of which nothing is anything but text.
func (n *nesting) text(s string, last bool) {
	in := n.open[len(n.open)-1]
	leaf := last && !in.parent && !n.inContent()
	if s == "" || isSpace(s) && !n.inContent() {
		return
	}
	n.queue = append(n.queue, event{kind: textEvent, name: in.name, text: s, leaf: leaf})
}

func (n *nesting) inContent() bool {
	if len(n.open) == 0 {
		return false
	}
	in := n.open[len(n.open)-1]
	return in.content || in.name == contentData
}

func (n *nesting) end() {
	last := len(n.open) - 1
	n.queue = append(n.queue, event{kind: endEvent, name: n.open[last].name})
	n.open = n.open[:last]
}

// take gives the next event that is ready.
func (n *nesting) take() (event, bool) {
	if len(n.queue) == 0 {
		return event{}, false
	}
	e := n.queue[0]
	n.queue = n.queue[1:]
	if len(n.queue) == 0 {
		n.queue = nil
	}
	return e, true
}

// unread gives an event back.
func (n *nesting) unread(e event) { n.queue = slices.Insert(n.queue, 0, e) }

// space is the namespace of what is open.
func (n *nesting) space() string {
	if len(n.open) == 0 {
		return ""
	}
	return n.open[len(n.open)-1].space
}

// where names the element that is being read, for an error, if it is one of CSP: what
// is none may be a text that somebody forgot to escape.
func (n *nesting) where(d *dialect) string {
	for i := len(n.open) - 1; i >= 0 && d != nil; i-- {
		if _, ok := d.codes[n.open[i].name]; ok {
			return ", in " + n.open[i].name
		}
	}
	return ""
}

// contentData is the element that holds the message of a user.
const contentData = "ContentData"

const whiteSpace = " \t\r\n"

func isSpace(s string) bool { return strings.Trim(s, whiteSpace) == "" }
