package modem

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// rank of a job: a lower one goes first.
type rank int

const (
	rankAck     rank = iota // +CNMA: the network waits for it, 12 s at least (TS 24.011 10.1 TR2M)
	rankReceive             // reading and deleting messages, looking after the modem
	rankSend
	ranks
)

const (
	// fairness: after so many receiving jobs in a row a waiting send goes, so
	// that a full store does not hold up sending.
	fairness = 8
	// linkHold is how long a network may keep the link for the next segment
	// (TS 27.005 3.5.6: 1 to 5 s). After that nobody need wait for it.
	linkHold = 5 * time.Second
)

// job is some commands that belong together.
type job struct {
	rank  rank
	aside bool // not between the segments of one message: it would cost the link
	run   func(context.Context) error

	begun bool
	err   error
	done  chan struct{}
}

// queue orders jobs.
type queue struct {
	mu    sync.Mutex
	jobs  [ranks][]*job
	row   int       // receiving jobs since the last send
	until time.Time // the next segment is expected until then
	err   error     // no more jobs are done
	poke  chan struct{}
}

func newQueue() *queue { return &queue{poke: make(chan struct{}, 1)} }

func (q *queue) wake() {
	select {
	case q.poke <- struct{}{}:
	default:
	}
}

// do has a job done and returns its error. When ctx ends before the job has
// begun it is not done at all (errWithdrawn); a job that has begun is waited
// for.
func (q *queue) do(ctx context.Context, r rank, aside bool, run func(context.Context) error) error {
	j := &job{rank: r, aside: aside, run: run}
	if err := q.put(j); err != nil {
		return err
	}
	select {
	case <-j.done:
	case <-ctx.Done():
		if q.withdraw(j) {
			return fmt.Errorf("%w: %w", errWithdrawn, context.Cause(ctx))
		}
		<-j.done
	}
	return j.err
}

var errWithdrawn = errors.New("not begun")

func (q *queue) put(j *job) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err != nil {
		return q.err
	}
	j.done = make(chan struct{})
	q.jobs[j.rank] = append(q.jobs[j.rank], j)
	q.wake()
	return nil
}

// withdraw takes a job out again; false: it has begun.
func (q *queue) withdraw(j *job) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, other := range q.jobs[j.rank] {
		if other == j {
			q.jobs[j.rank] = append(q.jobs[j.rank][:i:i], q.jobs[j.rank][i+1:]...)
			return true
		}
	}
	return false
}

// hold keeps jobs set aside waiting for the next segment; hold(false) ends that.
func (q *queue) hold(on bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.until = time.Time{}
	if on {
		q.until = time.Now().Add(linkHold)
	}
}

// held reports whether the network still keeps the link for a next segment.
func (q *queue) held() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return time.Now().Before(q.until)
}

// next waits for a job and returns the one whose turn it is.
func (q *queue) next(ctx context.Context) (*job, error) {
	for {
		j, wait := q.pick()
		if j != nil {
			return j, nil
		}
		var later <-chan time.Time
		if wait > 0 {
			later = time.After(wait)
		}
		select {
		case <-q.poke:
		case <-later:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// pick returns the job whose turn it is, or how long to wait for a held one.
func (q *queue) pick() (*job, time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	hold := time.Until(q.until)
	order := []rank{rankAck, rankReceive, rankSend}
	if q.row >= fairness && len(q.jobs[rankSend]) > 0 {
		order = []rank{rankAck, rankSend, rankReceive}
	}
	waiting := false
	for _, r := range order {
		for i, j := range q.jobs[r] {
			if j.aside && hold > 0 {
				waiting = true
				continue
			}
			q.jobs[r] = append(q.jobs[r][:i:i], q.jobs[r][i+1:]...)
			switch r {
			case rankReceive:
				q.row++
			case rankSend:
				q.row = 0
			}
			return j, 0
		}
	}
	if waiting {
		return nil, hold
	}
	return nil, 0
}

// close ends all waiting jobs, and those still to come, with err.
func (q *queue) close(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.err = err
	for r := range q.jobs {
		for _, j := range q.jobs[r] {
			j.err = err
			close(j.done)
		}
		q.jobs[r] = nil
	}
}

// run does the jobs until ctx ends. after is called when a job is done.
func (q *queue) run(ctx context.Context, after func(context.Context) error) error {
	for {
		j, err := q.next(ctx)
		if err != nil {
			return err
		}
		j.begun = true
		j.err = j.run(ctx)
		close(j.done)
		if err := after(ctx); err != nil {
			return err
		}
	}
}
