//go:build !linux

package postgres_test

import "testing"

// smallDisk is for Linux only.
func smallDisk(t *testing.T, _ string) string {
	t.Skip("a small disk can be made on Linux only")
	return ""
}
