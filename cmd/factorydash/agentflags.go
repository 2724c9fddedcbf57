package main

import (
	"crypto/x509"
	"fmt"
	"os"
	"strings"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/mtconnect"
)

// defaultAgent is read where nothing else is named: the test bed of the NIST
// Smart Manufacturing Systems group.
var defaultAgent = plant.Agent{Name: "nist", URL: "https://smstestbed.nist.gov/vds"}

// agentFlags names the agents that a process reads, and how it gets in.
type agentFlags struct {
	Agent []string `help:"Read this agent; repeat for more. In the environment, separate them by spaces. Without any, and with none added by 'agent add', the NIST test bed is read." sep:"none" placeholder:"NAME=URL" env:"FACTORYDASH_AGENTS"`
	CA    string   `name:"agent-ca" help:"Trust the certificates in this PEM file when an agent speaks HTTPS, beside the system's." placeholder:"FILE" env:"FACTORYDASH_AGENT_CA"`
}

// named gives the agents of flags and environment.
func (f agentFlags) named() ([]plant.Agent, error) {
	var agents []plant.Agent
	seen := make(map[string]bool)
	for _, value := range f.Agent {
		for _, word := range strings.Fields(value) {
			name, url, ok := strings.Cut(word, "=")
			if !ok {
				return nil, plant.Errorf(plant.Invalid, "--agent %q: use NAME=URL, such as hall-a=http://10.0.0.5:5000", plant.RedactURL(word))
			}
			agent := plant.Agent{Name: name, URL: url}
			if err := agent.Validate(); err != nil {
				return nil, err
			}
			if seen[name] {
				return nil, plant.Errorf(plant.Invalid, "--agent %s: the name is given twice", name)
			}
			seen[name] = true
			agents = append(agents, agent)
		}
	}
	return agents, nil
}

// dialer makes the clients for agents. A bearer token for an agent comes from
// FACTORYDASH_AGENT_TOKEN_NAME or the file that FACTORYDASH_AGENT_TOKEN_NAME_FILE
// names (NAME in upper case, other characters than letters and digits as
// underscores); a user and a password from the agent's URL.
func (f agentFlags) dialer(userAgent string) (func(plant.Agent) (*mtconnect.Client, error), error) {
	var roots *x509.CertPool
	if f.CA != "" {
		pem, err := os.ReadFile(f.CA)
		if err != nil {
			return nil, fmt.Errorf("--agent-ca: %w", err)
		}
		if roots, err = x509.SystemCertPool(); err != nil {
			roots = x509.NewCertPool()
		}
		if !roots.AppendCertsFromPEM(pem) {
			return nil, plant.Errorf(plant.Invalid, "--agent-ca %s: no certificate in PEM form found", f.CA)
		}
	}
	return func(agent plant.Agent) (*mtconnect.Client, error) {
		token, err := secret(tokenVariable(agent.Name))
		if err != nil {
			return nil, err
		}
		return mtconnect.NewClient(agent.URL, mtconnect.Options{UserAgent: userAgent, Bearer: token, RootCAs: roots})
	}, nil
}

// tokenVariable is the environment variable that may hold an agent's token.
func tokenVariable(agent string) string {
	word := func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		default:
			return '_'
		}
	}
	return "FACTORYDASH_AGENT_TOKEN_" + strings.Map(word, agent)
}

// secretFileBytes is the most that a file with a secret may hold.
const secretFileBytes = 64 << 10

// secret gives the value of an environment variable, or the content of the file
// that the variable with _FILE behind its name names; empty where neither is set,
// or only to nothing. A file that holds nothing is an error. Errors name the
// variable and never the value.
func secret(variable string) (string, error) {
	if value := os.Getenv(variable); value != "" {
		return value, nil
	}
	path := os.Getenv(variable + "_FILE")
	if path == "" {
		return "", nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", variable, err)
	}
	if info.Size() > secretFileBytes {
		return "", plant.Errorf(plant.Invalid, "%s_FILE: the file has %d bytes; a secret has at most %d", variable, info.Size(), secretFileBytes)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", variable, err)
	}
	value := strings.TrimSpace(string(data))
	if value == "" {
		return "", plant.Errorf(plant.Invalid, "%s_FILE: the file is empty", variable)
	}
	return value, nil
}
