package modem

// OpenPort opens the tty at path for exclusive use at baud (0: 115200).
func OpenPort(path string, baud int) (Port, error) { panic("not yet") }
