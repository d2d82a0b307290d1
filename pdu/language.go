package pdu

// Language is a National Language Identifier (TS 23.038 6.2.1.2.4), which header elements
// IESingleShift and IELockingShift hold.
type Language byte

// The languages that have tables in annex A. Spanish has no locking one.
const (
	Turkish Language = iota + 1
	Spanish
	Portuguese
	Bengali
	Gujarati
	Hindi
	Kannada
	Malayalam
	Oriya
	Punjabi
	Tamil
	Telugu
	Urdu
)

var lockingTables = [...]*table{
	Turkish: &turkishTable, Portuguese: &portugueseTable, Bengali: &bengaliTable, Gujarati: &gujaratiTable,
	Hindi: &hindiTable, Kannada: &kannadaTable, Malayalam: &malayalamTable, Oriya: &oriyaTable,
	Punjabi: &punjabiTable, Tamil: &tamilTable, Telugu: &teluguTable, Urdu: &urduTable,
}

var shiftTables = [...]*table{
	Turkish: &turkishShift, Spanish: &spanishShift, Portuguese: &portugueseShift, Bengali: &bengaliShift,
	Gujarati: &gujaratiShift, Hindi: &hindiShift, Kannada: &kannadaShift, Malayalam: &malayalamShift,
	Oriya: &oriyaShift, Punjabi: &punjabiShift, Tamil: &tamilShift, Telugu: &teluguShift, Urdu: &urduShift,
}

// locking returns the locking shift table, or the default one where the language has none.
func (l Language) locking() *table { return lookup(lockingTables[:], l, &defaultTable) }

// shift returns the single shift table, or the default one where the language has none.
func (l Language) shift() *table { return lookup(shiftTables[:], l, &defaultShift) }

func lookup(tables []*table, l Language, none *table) *table {
	if int(l) < len(tables) && tables[l] != nil {
		return tables[l]
	}
	return none
}
