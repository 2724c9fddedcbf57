package main

import (
	"cmp"
	"context"
	"net/url"
	"os"
	"slices"
	"strings"
)

// redacted stands where a secret was.
const redacted = "[redacted]"

// minSecretBytes is the least length of what is taken for a secret: shorter ones
// would tear holes into words.
const minSecretBytes = 4

// redact takes out of a text every secret of the settings, wherever it may have got
// into it: nothing of what is written shows one by itself, and this is the net below.
func (c *doctorCommand) redact(ctx context.Context, env *environment, text string) string {
	var secrets []string
	add := func(s string) {
		if s = strings.TrimSpace(s); len(s) >= minSecretBytes {
			secrets = append(secrets, s, url.QueryEscape(s), url.PathEscape(s))
		}
	}
	add(c.SecretKey)
	addURL := func(raw string) {
		for _, s := range urlSecrets(raw) {
			add(s)
		}
	}
	addURL(env.cli.DatabaseURL)
	addURL(c.RedisURL)
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		switch {
		case name == "DATABASE_URL", name == "REDIS_URL", name == "FACTORYDASH_COPY_FROM", name == "FACTORYDASH_COPY_TO":
			addURL(value)
		case name == "OTEL_EXPORTER_OTLP_HEADERS", name == "OTEL_EXPORTER_OTLP_TRACES_HEADERS":
			for pair := range strings.SplitSeq(value, ",") {
				_, secret, _ := strings.Cut(pair, "=")
				add(secret)
			}
		case name == "SECRET_KEY", name == "PGPASSWORD", strings.HasPrefix(name, "FACTORYDASH_AGENT_TOKEN_") && !strings.HasSuffix(name, "_FILE"):
			add(value)
		case strings.HasSuffix(name, "_FILE"):
			if held, err := secret(strings.TrimSuffix(name, "_FILE")); err == nil && isSecretFile(name) {
				add(held)
				addURL(held)
			}
		}
	}
	for _, agent := range c.knownAgents(ctx, env) {
		addURL(agent.URL)
	}
	// The longest first: one may be a part of another.
	slices.SortFunc(secrets, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	for _, s := range slices.Compact(secrets) {
		text = strings.ReplaceAll(text, s, redacted)
	}
	return text
}

// isSecretFile reports whether a variable names a file that holds a secret.
func isSecretFile(name string) bool {
	return slices.Contains([]string{"DATABASE_URL_FILE", "REDIS_URL_FILE", "SECRET_KEY_FILE"}, name) ||
		strings.HasPrefix(name, "FACTORYDASH_AGENT_TOKEN_")
}

// urlSecrets gives what of a URL is secret: user and password, and what parameters
// hold that are not about where something is. Where it cannot be taken apart, all of
// it is.
func urlSecrets(raw string) []string {
	u, err := url.Parse(raw)
	if err != nil || strings.Contains(u.Host+u.Path, "@") {
		return []string{raw}
	}
	var secrets []string
	if u.User != nil {
		password, _ := u.User.Password()
		// What is written may be escaped in another way than url.URL does.
		_, authority, _ := strings.Cut(raw, "//")
		authority, _, _ = strings.Cut(authority, "/")
		written := authority[:max(0, strings.LastIndexByte(authority, '@'))]
		_, escaped, _ := strings.Cut(written, ":")
		secrets = append(secrets, password, u.User.String(), written, escaped)
	}
	for name, values := range u.Query() {
		if strings.Contains(strings.ToLower(name), "pass") || strings.Contains(strings.ToLower(name), "token") || strings.Contains(strings.ToLower(name), "key") {
			secrets = append(secrets, values...)
		}
	}
	return secrets
}
