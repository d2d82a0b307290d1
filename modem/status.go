package modem

// Status of a modem as last seen.
type Status struct {
	Registered bool   // on a network that carries short messages
	Reg        int    // +CREG <stat>, -1 unknown
	EPSReg     int    // +CEREG <stat>, -1 unknown
	RSSI       int    // dBm, 0 unknown
	Operator   string // as the network calls itself
	Verdict    string // one sentence in plain words
}
