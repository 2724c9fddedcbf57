package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// healthcheckTimeout is how long the answer may take.
const healthcheckTimeout = 5 * time.Second

type healthcheckCommand struct {
	listenFlags
}

// Run asks /readyz of the process that listens on the address.
func (c *healthcheckCommand) Run(ctx context.Context, env *environment) error {
	ctx, cancel := context.WithTimeout(ctx, healthcheckTimeout)
	defer cancel()
	url := "http://" + c.dialAddress() + "/readyz"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return fmt.Errorf("--listen %q: %w", c.Listen, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("not reachable: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 4096))
	if err != nil {
		return fmt.Errorf("not reachable: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s: %q", response.Status, strings.TrimSpace(string(body)))
	}
	fmt.Fprintln(env.stdout, "ready")
	return nil
}
