package modemtest

import "testing"

func TestCommandLine(t *testing.T) {
	for name, script := range map[string]string{
		"echo is on and ATE0 echoes itself": `
			> ATE0
			<< "ATE0\r\r\nOK\r\n"
			> AT
			<< "\r\nOK\r\n"
			> ATE1
			< OK
			> AT+CMGF?
			<< "AT+CMGF?\r\r\n+CMGF: 0\r\n\r\nOK\r\n"`,
		"commands in one line have one final result code": `
			> ATE0;+CMEE=1;+CSQ;+CREG?
			< ATE0;+CMEE=1;+CSQ;+CREG?
			< +CSQ: 20,99
			< +CREG: 0,1
			< OK`,
		"basic commands need no semicolon": `
			> ATE0V1Q0S3?
			< ATE0V1Q0S3?
			< 013
			< OK`,
		"a failing command ends the line": `
			> ATE0
			< ATE0
			< OK
			> AT+CSQ;+BOGUS;+CREG?
			< +CSQ: 20,99
			< ERROR`,
		"either case, spaces": `
			> ate0
			< ate0
			< OK
			> at +csq;  +csq 
			< +CSQ: 20,99
			< +CSQ: 20,99
			< OK`,
		"noise before the AT is not part of it": `
			> ATE0
			< ATE0
			< OK
			> xyzAAT+CSQ
			< +CSQ: 20,99
			< OK`,
		"backspace takes one back": `
			> ATE0
			< ATE0
			< OK
			> AT+CSX\bQ
			< +CSQ: 20,99
			< OK
			> ATS5=35
			< OK
			> AT+CSX#Q
			< +CSQ: 20,99
			< OK`,
		"numeric results": `
			> ATE0V0
			<< "ATE0V0\r0\r"
			> AT+CSQ
			<< "+CSQ: 20,99\r\n0\r"
			> AT+BOGUS
			<< "4\r"
			> ATV1
			< OK`,
		"quiet": `
			> ATE0Q1
			<< "ATE0Q1\r"
			> AT+CSQ
			< +CSQ: 20,99
			> ATQ0
			< OK`,
		"another line end": `
			> ATE0S3=33
			<< "ATE0S3=33\r!\nOK!\n"`,
		"A/ repeats": `
			> ATE0
			< ATE0
			< OK
			> AT+CSQ
			< +CSQ: 20,99
			< OK
			> A/
			< +CSQ: 20,99
			< OK`,
		"AT&W keeps what ATZ restores": `
			> ATE0
			< ATE0
			< OK
			> AT+CMGF=1;&W
			< OK
			> AT+CMGF=0
			< OK
			> ATZ
			< OK
			> AT+CMGF?
			< +CMGF: 1
			< OK
			> AT&F
			< OK
			> AT+CMGF?
			< AT+CMGF?
			< +CMGF: 0
			< OK`,
		"texts by CMEE": `
			> ATE0
			< ATE0
			< OK
			> AT+CSCS="KLINGON"
			< ERROR
			> AT+CMEE=1
			< OK
			> AT+CSCS="KLINGON"
			< +CME ERROR: 50
			> AT+CMEE=2
			< OK
			> AT+CSCS="KLINGON"
			< +CME ERROR: Incorrect parameters
			> AT+CMGR=99
			< +CMS ERROR: Invalid memory index`,
		"registers": `
			> ATE0
			< ATE0
			< OK
			> ATS7=60S7?
			< 060
			< OK
			> ATS999=1
			< ERROR
			> ATS3=200
			< ERROR`,
	} {
		t.Run(name, func(t *testing.T) { dialogue(t, ModemOptions{}, script) })
	}
}

func TestLongLineIsAnError(t *testing.T) {
	long := make([]byte, maxLine+1)
	for i := range long {
		long[i] = '0'
	}
	dialogue(t, ModemOptions{}, `
		> ATE0
		< ATE0
		< OK
		> ATS7=`+string(long)+`
		< ERROR
		> A/
		< ERROR
		> AT
		< OK`)
}
