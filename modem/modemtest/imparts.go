package modemtest

import (
	"strconv"
	"strings"

	"wvsms/csp"
)

// imParts joins the parts into which a sender cut its messages, in any order, with
// copies. Android's own knows a message by its transaction alone, so that an answer and a
// request of the same id would be mixed; here sender, code and number of parts tell them
// apart too.
type imParts struct {
	open map[imPartsKey][][]byte
	ages []imPartsKey // oldest first
}

type imPartsKey struct {
	from, code string
	id, total  int
}

// imMaxOpen bounds what is kept of messages of which parts are missing.
const imMaxOpen = 32

// push takes a datagram and returns the message that it is or completes; nil while
// parts are missing.
func (p *imParts) push(from string, data []byte) []byte {
	preamble, _, err := csp.ParsePreamble(data)
	n, total := preamble.Part()
	if err != nil || total == 0 {
		return data
	}
	k := imPartsKey{from, strings.ToUpper(preamble.Code), preamble.TransactionID(), total}
	parts, known := p.open[k]
	if !known {
		parts = make([][]byte, total)
		p.add(k, parts)
	}
	parts[n-1] = data
	for _, part := range parts {
		if part == nil {
			return nil
		}
	}
	delete(p.open, k)
	return imJoin(parts)
}

func (p *imParts) add(k imPartsKey, parts [][]byte) {
	if p.open == nil {
		p.open = map[imPartsKey][][]byte{}
	}
	p.open[k] = parts
	p.ages = append(p.ages, k)
	if len(p.ages) > imMaxOpen {
		delete(p.open, p.ages[0])
		p.ages = p.ages[1:]
	}
}

// imJoin writes the preamble of the first part without its letters, and what stands
// behind the preambles of all.
func imJoin(parts [][]byte) []byte {
	var whole []byte
	for i, part := range parts {
		preamble, slice, _ := csp.ParsePreamble(part)
		if i == 0 {
			whole = append(whole, "WV"+preamble.Version+preamble.Code+strconv.Itoa(preamble.TransactionID())+" "...)
		}
		whole = append(whole, slice...)
	}
	return whole
}

// imCut is how a message goes out: whole where it is shorter than size, else in parts;
// always whole where size is 0 or the syntax knows no parts. There may be nothing to say.
func imCut(to string, data []byte, size int) (out []IMDatagram) {
	if data == nil {
		return nil
	}
	parts := [][]byte{data}
	if size > 0 && csp.Detect(data) == csp.PTS {
		if cut, err := csp.Split(data, size); err == nil {
			parts = cut
		} else {
			parts = nil // Android does not send what needs too many parts
		}
	}
	for _, part := range parts {
		out = append(out, IMDatagram{to, part})
	}
	return out
}
