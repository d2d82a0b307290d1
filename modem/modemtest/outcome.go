package modemtest

// An outcome is what becomes of one attempt to deliver a short message: the
// RP cause of TS 24.011 8.2.5.4, or one of these.
type outcome int

const (
	delivered   outcome = 0  // RP-ACK
	unreachable outcome = -1 // no answer: off, no coverage
	noRoom      outcome = 22 // memory capacity exceeded
	refused     outcome = 111
)
