package service

import "time"

// SetWait replaces how long a service that failed is left alone.
func (s *Services) SetWait(d time.Duration) { s.wait = func(int) time.Duration { return d } }

// SetTurn replaces for how long a server has its turn.
func (s *Services) SetTurn(d time.Duration) { s.turn = d }

// Wait is how long is waited after so many attempts.
var Wait = wait

// InOne is how many events one transaction has at most.
const InOne = inOne
