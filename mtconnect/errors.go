package mtconnect

import (
	"fmt"
	"strings"
)

// ErrorCode is the code of an error that an agent answers with. Agents send
// codes beyond those of the standard: they are kept as written.
type ErrorCode string

// The codes of the standard and those seen in the field.
const (
	CodeUnauthorized   ErrorCode = "UNAUTHORIZED"
	CodeNoDevice       ErrorCode = "NO_DEVICE"
	CodeOutOfRange     ErrorCode = "OUT_OF_RANGE"
	CodeTooMany        ErrorCode = "TOO_MANY"
	CodeInvalidURI     ErrorCode = "INVALID_URI"
	CodeInvalidRequest ErrorCode = "INVALID_REQUEST"
	CodeInternalError  ErrorCode = "INTERNAL_ERROR"
	CodeInvalidXPath   ErrorCode = "INVALID_XPATH"
	CodeInvalidPath    ErrorCode = "INVALID_PATH"
	CodeUnsupported    ErrorCode = "UNSUPPORTED"
	CodeAssetNotFound  ErrorCode = "ASSET_NOT_FOUND"
	CodeQueryError     ErrorCode = "QUERY_ERROR"
)

// AgentError is an MTConnectError document, as an error. Find it with
// [errors.As]; the HTTP status says nothing, since agents of schema 1.x send
// errors with status 200.
type AgentError struct {
	Header Header
	// Errors has at least one entry.
	Errors []ErrorEntry
}

// ErrorEntry is one error of an MTConnectError document.
type ErrorEntry struct {
	Code    ErrorCode
	Message string
	// URI and Request say what was asked (schema 2.6 and later).
	URI, Request string
	// Parameter is the query parameter that was wrong, with its value and the
	// range that would be right where the agent says it (schema 2.6 and later).
	Parameter, Value, Minimum, Maximum string
}

// Error lists the codes and messages.
func (e *AgentError) Error() string {
	var b strings.Builder
	b.WriteString("agent error")
	for i, entry := range e.Errors {
		sep := ": "
		if i > 0 {
			sep = "; "
		}
		fmt.Fprintf(&b, "%s%s: %.200q", sep, entry.Code, entry.Message)
	}
	return b.String()
}

// Is reports whether one of the entries has the code: errors.Is(err, code).
func (e *AgentError) Is(target error) bool {
	code, ok := target.(ErrorCode)
	if !ok {
		return false
	}
	for _, entry := range e.Errors {
		if entry.Code == code {
			return true
		}
	}
	return false
}

// Error makes a code usable as the target of [errors.Is].
func (c ErrorCode) Error() string { return "agent error " + string(c) }

// SyntaxError says that a document is not what it should be, and where.
type SyntaxError struct {
	// Offset is the number of bytes of the document before the fault.
	Offset int64
	// Line and Column count from 1; Column counts bytes.
	Line, Column int
	// Msg says what was wrong.
	Msg string
}

// Error gives the position and the fault.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d (byte %d): %s", e.Line, e.Column, e.Offset, e.Msg)
}
