//go:build !unix

package main

// processLives reports whether there is a process with a number. Where that
// cannot be told, there is.
func processLives(int) bool { return true }
