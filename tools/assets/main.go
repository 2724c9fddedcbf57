// Command assets makes what the pages send to browsers.
//
//	assets vendor DIR   fetch the npm packages and copy what is used of them to
//	                    DIR/assets/vendor, checked against vendor.sha256
//	assets bundle DIR   bundle DIR/ts and DIR/css with them into DIR/assets/dist
//
// A bundle is the same byte for byte wherever it is made, so that what is
// committed can be checked by making it again. Only vendor needs the network
// and npm.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "assets:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: assets vendor|bundle DIR")
	}
	switch args[0] {
	case "vendor":
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		return vendor(ctx, args[1])
	case "bundle":
		return bundle(args[1])
	}
	return fmt.Errorf("unknown command %q: use vendor or bundle", args[0])
}
