//go:build !linux

package clientapi_test

import (
	"errors"
	"testing"
)

func instructions(*testing.T) (func() int64, error) { return nil, errors.New("only Linux does") }
