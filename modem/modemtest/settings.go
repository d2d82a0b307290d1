package modemtest

// settings are what commands set and a restart forgets, but for AT&W.
type settings struct {
	echo, verbose, quiet bool
	s3, s4, s5           byte
	registers            [256]byte // the others: kept, without effect
	cmee                 int
	creg, cgreg, cereg   int
	cmgf                 int
	cnmi                 [5]int // mode, mt, bm, ds, bfr
	csms                 int
	cscs                 string
	mems                 [3]string // read and delete, write and send, receive
	csmp                 [4]int    // fo, vp, pid, dcs
	csdh                 int
	cmms                 int
	cgsms                int
	curcOff, portSel     bool // ^CURC=0, ^PORTSEL=1
	copsFormat           int
}

// factory is what AT&F restores.
func factory(p Profile) settings {
	s := settings{
		echo: true, verbose: true,
		s3: cr, s4: lf, s5: '\b',
		cnmi:  p.DefaultCNMI,
		cscs:  "IRA",
		csmp:  [4]int{17, 167, 0, 0},
		cgsms: 1,
	}
	for i := range s.mems {
		s.mems[i] = p.Memories[0]
	}
	if p.ReceiveMems != nil {
		s.mems[2] = p.ReceiveMems[0]
	}
	return s
}
