package pdu

// Language is a National Language Identifier (TS 23.038 6.2.1.2.4).
type Language byte

// shiftTable and lockingTable return the tables of a language, else the default ones.
func shiftTable(Language) *table   { return &defaultShift }
func lockingTable(Language) *table { return &defaultTable }
