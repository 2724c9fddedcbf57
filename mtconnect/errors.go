package mtconnect

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Errors of a stream.
var (
	// ErrNotStreaming says that the agent cannot stream: it answered the
	// request for a stream with a single document or with an error that refuses
	// it. Poll with [Client.Sample] instead.
	ErrNotStreaming = errors.New("agent does not stream")
	// ErrStreamEnded says that the agent ended the stream between two
	// documents.
	ErrStreamEnded = errors.New("stream ended")
	// ErrHeartbeat says that no document began for three heartbeats.
	ErrHeartbeat = errors.New("no document for three heartbeats")
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
	// Errors are the entries of the document, one at least and the first 16 at
	// most.
	Errors []ErrorEntry
}

// maxErrors is how many entries of an error document are kept. Agents send one,
// or one for each parameter that was wrong.
const maxErrors = 16

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
		fmt.Fprintf(&b, "%s%s: %.200q", sep, entry.Code.shown(), entry.Message)
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
func (c ErrorCode) Error() string { return "agent error " + c.shown() }

// shown gives the code for an error: agents may send anything.
func (c ErrorCode) shown() string {
	const most = 50
	plain := len(c) <= most
	for _, b := range []byte(c) {
		plain = plain && b > ' ' && b < 0x7F
	}
	if plain {
		return string(c)
	}
	return fmt.Sprintf("%.*q", most, string(c))
}

// refusesStreaming reports whether the error says that the agent cannot stream
// rather than that something else was wrong with the request. Agents before
// schema 1.3 know no interval.
func (e *AgentError) refusesStreaming() bool {
	for _, entry := range e.Errors {
		switch entry.Code {
		case CodeUnsupported:
			return true
		case CodeInvalidRequest, CodeInvalidURI, CodeQueryError:
			text := strings.ToLower(entry.Message + " " + entry.Parameter)
			if strings.Contains(text, "interval") || strings.Contains(text, "frequency") || strings.Contains(text, "heartbeat") {
				return true
			}
		}
	}
	return false
}

// HTTPError says that the answer to a request is no document of MTConnect, such
// as the error page of a proxy.
type HTTPError struct {
	// Status is the HTTP status.
	Status int
	// ContentType is as the answer has it.
	ContentType string
	// Want is the root element that was asked for.
	Want string
	// Snippet is the beginning of the answer, at most 200 bytes.
	Snippet string
}

// Error gives the status and the beginning of the answer, escaped.
func (e *HTTPError) Error() string {
	got := "an empty answer"
	if e.Snippet != "" {
		got = fmt.Sprintf("%q", e.Snippet)
	}
	return fmt.Sprintf("HTTP status %d %s, Content-Type %.100q: want %s, got %s",
		e.Status, http.StatusText(e.Status), e.ContentType, e.Want, got)
}

// LimitError says that an answer went beyond a limit of the client. Limits
// within a document are told by a [SyntaxError], which has a position.
type LimitError struct {
	// Limit says what is limited and Max to what.
	Limit, Max string
}

// Error names the limit and its value.
func (e *LimitError) Error() string {
	return fmt.Sprintf("limit exceeded: %s: at most %s", e.Limit, e.Max)
}

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

// ParseError reads an MTConnectError document, XML or JSON. It returns a
// [*SyntaxError] where data is none.
func ParseError(data []byte, limits Limits) (*AgentError, error) {
	_, _, err := parseDocument(data, limits, rootError, keepSource{})
	var agent *AgentError
	if errors.As(err, &agent) {
		return agent, nil
	}
	return nil, err
}

// agentError makes the error that an error document is, an *AgentError where it
// is as it should be. Since schema 2.6 the entries are elements of many names; in
// 1.0 the only one stood below the root.
func agentError(root *element, header Header) error {
	entries := root.child("Errors").children
	if len(entries) == 0 {
		entries = []*element{root.child("Error")}
	}
	e := &AgentError{Header: header}
	for _, entry := range entries {
		code := entry.attr("errorCode")
		if code == "" {
			continue
		}
		if len(e.Errors) == maxErrors {
			break
		}
		parameter := entry.child("QueryParameter")
		message := entry.child("ErrorMessage").text
		if message == "" {
			message = entry.text
		}
		e.Errors = append(e.Errors, ErrorEntry{
			Code:      ErrorCode(code),
			Message:   message,
			URI:       entry.child("URI").text,
			Request:   entry.child("Request").text,
			Parameter: parameter.attr("name"),
			Value:     parameter.child("Value").text,
			Minimum:   parameter.child("Minimum").text,
			Maximum:   parameter.child("Maximum").text,
		})
	}
	if len(e.Errors) == 0 {
		return &SyntaxError{Line: 1, Column: 1, Msg: "MTConnectError without an error that has an errorCode"}
	}
	return e
}
