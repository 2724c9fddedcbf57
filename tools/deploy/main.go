// Command deploy reads the files by which factorydash is deployed as the tools that
// use them do, says what is wrong with them, and prints what they mean as JSON.
//
//	deploy compose FILE      a Compose file: the schema of the Compose specification,
//	                         variables, anchors and references
//	deploy dockerfile FILE   a Dockerfile: syntax and the checks of `docker build --check`
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "deploy:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: deploy compose|dockerfile FILE")
	}
	path, err := filepath.Abs(args[1])
	if err != nil {
		return err
	}
	var read any
	switch args[0] {
	case "compose":
		read, err = compose(ctx, path)
	case "dockerfile":
		read, err = dockerfile(path)
	default:
		err = fmt.Errorf("unknown kind %q: use compose or dockerfile", args[0])
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return json.NewEncoder(os.Stdout).Encode(read)
}
