package main

import (
	"fmt"
	"os"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// stage is a stage of a Dockerfile: its instructions in order.
type stage struct {
	Name         string        `json:"name"`
	Base         string        `json:"base"`
	Instructions []instruction `json:"instructions"`
}

type instruction struct {
	Name string   `json:"name"`
	Args []string `json:"args"`
	Text string   `json:"text"`
}

// dockerfile parses a Dockerfile as BuildKit does. A warning of its linter is an
// error.
func dockerfile(path string) ([]stage, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	parsed, err := parser.Parse(f)
	if err != nil {
		return nil, err
	}
	for _, w := range parsed.Warnings {
		return nil, fmt.Errorf("%s", w.Short)
	}
	var warning error
	lint := linter.New(&linter.Config{
		Warn: func(rule, _, _, message string, location []parser.Range) {
			warning = fmt.Errorf("%v: %s (%s)", location, message, rule)
		},
	})
	parsedStages, _, err := instructions.Parse(parsed.AST, lint)
	if err != nil {
		return nil, err
	}
	if warning != nil {
		return nil, warning
	}
	var stages []stage
	for _, s := range parsedStages {
		read := stage{Name: s.Name, Base: s.BaseName}
		for _, c := range s.Commands {
			i := instruction{Name: c.Name(), Text: fmt.Sprint(c)}
			switch c := c.(type) {
			case *instructions.RunCommand:
				i.Args = c.CmdLine
			case *instructions.EntrypointCommand:
				i.Args = c.CmdLine
			case *instructions.CmdCommand:
				i.Args = c.CmdLine
			case *instructions.HealthCheckCommand:
				i.Args = c.Health.Test
			case *instructions.UserCommand:
				i.Args = []string{c.User}
			case *instructions.WorkdirCommand:
				i.Args = []string{c.Path}
			case *instructions.EnvCommand:
				for _, kv := range c.Env {
					i.Args = append(i.Args, kv.Key+"="+kv.Value)
				}
			case *instructions.CopyCommand:
				i.Args = append(append([]string{}, c.SourcePaths...), c.DestPath)
			}
			read.Instructions = append(read.Instructions, i)
		}
		stages = append(stages, read)
	}
	return stages, nil
}
