package spool

import (
	"testing"
	"testing/synctest"
)

func TestTurnsAreFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var turn turns
		var order []int
		turn.take(t.Context())
		for i := range 10 {
			go func() {
				turn.take(t.Context())
				order = append(order, i)
				turn.pass()
			}()
			synctest.Wait()
		}
		turn.pass()
		synctest.Wait()
		equal(t, "order", []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, order)
		if turn.taken || turn.handOn() {
			t.Error("the turn was not given back")
		}
	})
}
