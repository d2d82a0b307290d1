package bridge

import (
	"encoding/json"
	"fmt"
	"time"

	"wvsms/spool"
)

// A Carrier is what was found out of a network: whether it carries port-addressed
// data at all. It is kept for each pair of the SIM's network and the one that it is
// on, since either may filter.
type Carrier struct {
	Verdict string    `json:"verdict"`
	At      time.Time `json:"at"`
}

func carrierKey(home, serving string) string { return "carrier " + home + " " + serving }

// KeepCarrier writes down what was found out.
func KeepCarrier(tx *spool.Tx, home, serving string, c Carrier) error {
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return tx.Set(carrierKey(home, serving), string(text))
}

// ReadCarrier returns what is known; found is false if that is nothing.
func ReadCarrier(tx *spool.Tx, home, serving string) (c Carrier, found bool, err error) {
	text, found, err := tx.Get(carrierKey(home, serving))
	if err != nil || !found {
		return c, false, err
	}
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return c, false, fmt.Errorf("read what is known of network %s: %w", serving, err)
	}
	return c, true, nil
}
