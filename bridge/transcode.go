package bridge

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"wvsms/csp"
	"wvsms/spool"
)

// toBinary returns the WBXML that goes on air for XML of the program's, if that is how
// the receiver has it. Whatever cannot be translated back to the same goes as it is.
func (b *Bridge) toBinary(ctx context.Context, to string, payload []byte) ([]byte, error) {
	if b.settings().choice(to).Transcode != "wbxml" || csp.Detect(payload) != csp.XML {
		return payload, nil
	}
	var spoken string
	err := b.spool.View(ctx, func(tx *spool.Tx) (err error) {
		spoken, err = tx.Syntax(to)
		return err
	})
	if err != nil || spoken == csp.PTS.String() {
		return payload, err // a handset that answers in PTS reads nothing else
	}
	binary, err := translate(payload)
	if err != nil {
		b.log.Warn().Err(err).Str("peer", to).Int("octets", len(payload)).Msg("XML cannot go as WBXML: it goes as it is")
		return payload, nil
	}
	return binary, nil
}

// translate returns WBXML that says the same as the XML does.
func translate(xml []byte) ([]byte, error) {
	binary, err := csp.ToWBXML(xml)
	if err != nil {
		return nil, err
	}
	back, err := csp.ToXML(binary)
	if err != nil {
		return nil, fmt.Errorf("translate it back: %w", err)
	}
	was, err := csp.Canonical(xml)
	if err != nil {
		return nil, err
	}
	is, err := csp.Canonical(back)
	if err == nil && !bytes.Equal(was, is) {
		err = errors.New("translated back it does not say the same")
	}
	return binary, err
}

// hears notes the syntax in which a peer speaks, and returns what the program gets of
// its message: WBXML as XML, if that is how the program has it. What cannot be
// translated is handed over as it is, and refused says why.
func (in *arrival) hears(tx *spool.Tx, peer string, payload []byte) (handed []byte, refused, err error) {
	syntax := csp.Detect(payload)
	switch syntax {
	case csp.PTS, csp.XML, csp.WBXML:
		if err := tx.SetSyntax(peer, syntax.String(), in.now); err != nil {
			return nil, nil, err
		}
	}
	b := in.session.bridge
	if syntax != csp.WBXML || b.settings().choice(peer).Transcode != "wbxml" {
		return payload, nil, nil
	}
	xml, refused := csp.ToXML(payload)
	if refused != nil {
		return payload, refused, nil
	}
	return xml, nil, nil
}
