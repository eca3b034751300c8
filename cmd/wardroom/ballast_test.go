package main

import (
	"runtime"
	"testing"
)

func TestGarbageMayGrowBeforeItIsCollected(t *testing.T) {
	keep := ballast()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.NextGC < 64<<20 {
		t.Errorf("with the ballast garbage is collected at %d MiB", m.NextGC>>20)
	}
	runtime.KeepAlive(keep)
}
