// Package recording reads what was recorded of agents and adapters: files with
// MTConnectStreams documents, as they are, compressed or in archives, and files
// with lines of SHDR. What stands in them is for others.
package recording
