package main

import (
	"fmt"
	"io"
	"runtime"

	"wardroom/internal/store"
)

// version is set by the linker in a build by make.
var version = "unknown"

func printVersion(out io.Writer) {
	fmt.Fprintf(out, "wardroom %s (%s, %s/%s, tables version %d)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH, store.Version())
}
