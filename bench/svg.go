package main

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"strings"
)

// The picture, in its own units.
const (
	width, height = 680.0, 360.0
	left, right   = 64.0, 16.0
	top, bottom   = 30.0, 44.0
	inset         = 32.0 // from the axis to the first point: the values have room
	legendLine    = 18.0
)

// Colours that keep apart on white and on black.
const style = `text{font:12px sans-serif;fill:#333}
.grid{stroke:#ddd}.axis{stroke:#888}
.l0{--c:#1b6ca8}.l1{--c:#c0392b}.l2{--c:#2e7d32}.l3{--c:#8e44ad}.l4{--c:#b9770e}.l5{--c:#555}
polyline{fill:none;stroke:var(--c);stroke-width:2}
circle{fill:var(--c)}text.v{fill:var(--c);font-size:11px}
@media(prefers-color-scheme:dark){text{fill:#ccc}.grid{stroke:#333}.axis{stroke:#777}
.l0{--c:#5dade2}.l1{--c:#ec7063}.l2{--c:#58d68d}.l3{--c:#bb8fce}.l4{--c:#f5b041}.l5{--c:#aaa}}
`

// plot draws lines over x, both axes logarithmic; y names the other one.
func plot(x, y string, all []line) []byte {
	across, up := span(all, func(p point) float64 { return p.x }), span(all, func(p point) float64 { return p.y })
	up.decades()
	px := func(v float64) float64 { return left + inset + across.part(v)*(width-left-right-2*inset) }
	py := func(v float64) float64 { return height - bottom - up.part(v)*(height-top-bottom) }

	var b bytes.Buffer
	full := height + legendLine*float64(len(all)) + 8
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" role="img">`+"\n<style>%s</style>\n", width, full, style)
	for _, v := range up.ticks() {
		rule(&b, "grid", left, py(v), width-right, py(v))
		label(&b, `text-anchor="end"`, left-8, py(v)+4, figure(v))
	}
	for _, v := range abscissae(all) {
		rule(&b, "grid", px(v), top, px(v), height-bottom)
		label(&b, `text-anchor="middle"`, px(v), height-bottom+18, figure(v))
	}
	rule(&b, "axis", left, top, left, height-bottom)
	rule(&b, "axis", left, height-bottom, width-right, height-bottom)
	label(&b, `text-anchor="middle"`, (left+width-right)/2, height-8, x)
	label(&b, "", 8, 14, y)
	for i, l := range all {
		fmt.Fprintf(&b, `<g class="l%d">`+"\n", i%6)
		var path []string
		for _, p := range l.points {
			path = append(path, fmt.Sprintf("%.1f,%.1f", px(p.x), py(p.y)))
		}
		fmt.Fprintf(&b, `<polyline points="%s"/>`+"\n", strings.Join(path, " "))
		for _, p := range l.points {
			fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="3.5"/>`+"\n", px(p.x), py(p.y))
			away := -8.0 // one line has its values above, the next one below
			if i%2 == 1 {
				away = 16
			}
			label(&b, `class="v" text-anchor="middle"`, px(p.x), py(p.y)+away, figure(p.y))
		}
		at := height + legendLine*float64(i) + 8
		fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="3.5"/>`+"\n", left+4, at-4)
		text := l.name
		if s, ok := l.slope(); ok {
			s = math.Round(s*100)/100 + 0 // no -0
			text += fmt.Sprintf(": slope %.2f, ×10 in %s is ×%.2f", s, x, math.Pow(10, s))
		}
		label(&b, "", left+16, at, text)
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func rule(b *bytes.Buffer, class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(b, `<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`+"\n", class, x1, y1, x2, y2)
}

func label(b *bytes.Buffer, attrs string, x, y float64, text string) {
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" %s>%s</text>`+"\n", x, y, attrs, html.EscapeString(text))
}
