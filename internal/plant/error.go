package plant

import (
	"errors"
	"fmt"
)

// Code classes an error by what its reader can do about it.
type Code string

// The codes.
const (
	// Invalid: what was asked for or given is wrong; the message names the
	// field and what would be right.
	Invalid Code = "invalid"
	// NotFound: there is no such thing.
	NotFound Code = "not_found"
	// Conflict: somebody else was first; read again.
	Conflict Code = "conflict"
	// Unavailable: a service that is needed is away; try again later.
	Unavailable Code = "unavailable"
	// Damaged: what is stored of this is broken; the message says what and how
	// much. Everything else can be read.
	Damaged Code = "damaged"
	// Internal: a fault of ours. Its text is for the log, not for users.
	Internal Code = "internal"
)

// Error is an error with a code and a message that may be shown.
type Error struct {
	Code Code
	Msg  string
	// Err is the cause; it is for the log only.
	Err error
}

// Error gives the message, with the cause where there is one.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Msg + ": " + e.Err.Error()
	}
	return e.Msg
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an error with a code and a message. For an error with a cause,
// make an Error with its Err set.
func Errorf(code Code, format string, args ...any) error {
	return &Error{Code: code, Msg: fmt.Sprintf(format, args...)}
}

// ErrorCode gives the code of the first Error in the chain: Internal where
// there is none.
func ErrorCode(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}
