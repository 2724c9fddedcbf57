package agent

import (
	"cmp"
	"fmt"
	"net/http"

	"github.com/factorydash/factorydash/mtconnect"
)

// codeInvalidParameterValue is what agents from 2.0 on say of a parameter that
// is no number. It is not among the codes of the standard.
const codeInvalidParameterValue mtconnect.ErrorCode = "INVALID_PARAMETER_VALUE"

// problem is why a request is not answered, as it goes into an error document.
type problem struct {
	mtconnect.ErrorEntry
	// format and kind say what a parameter should have been.
	format, kind string
	assetID      string
}

func (p *problem) Error() string { return fmt.Sprintf("%s: %s", p.Code, p.Message) }

func newProblem(code mtconnect.ErrorCode, format string, args ...any) *problem {
	return &problem{ErrorEntry: mtconnect.ErrorEntry{Code: code, Message: fmt.Sprintf(format, args...)}}
}

// status gives the HTTP status of an answer with the problem. Agents of version
// 1 send errors with status 200.
func (p *problem) status(s schema) int {
	if !s.at(2, 0) {
		return http.StatusOK
	}
	switch p.Code {
	case mtconnect.CodeNoDevice, mtconnect.CodeAssetNotFound, mtconnect.CodeInvalidURI:
		return http.StatusNotFound
	case mtconnect.CodeInternalError:
		return http.StatusInternalServerError
	case mtconnect.CodeTooMany:
		return http.StatusServiceUnavailable
	default:
		return http.StatusBadRequest
	}
}

// typedErrors are the elements that errors have from version 2.6 on.
var typedErrors = map[mtconnect.ErrorCode]string{
	mtconnect.CodeUnauthorized:   "Unauthorized",
	mtconnect.CodeNoDevice:       "NoDevice",
	mtconnect.CodeOutOfRange:     "OutOfRange",
	mtconnect.CodeTooMany:        "TooMany",
	mtconnect.CodeInvalidURI:     "InvalidURI",
	mtconnect.CodeInvalidRequest: "InvalidRequest",
	mtconnect.CodeInternalError:  "InternalError",
	mtconnect.CodeInvalidXPath:   "InvalidXPath",
	mtconnect.CodeInvalidPath:    "InvalidPath",
	mtconnect.CodeUnsupported:    "Unsupported",
	mtconnect.CodeAssetNotFound:  "AssetNotFound",
	codeInvalidParameterValue:    "InvalidParameterValue",
}

// element makes the error's element for a version of the standard.
func (p *problem) element(s schema) *element {
	if !s.at(2, 6) {
		e := newElement("", "Error")
		e.set("errorCode", string(p.Code))
		e.addText(p.Message)
		return e
	}
	e := newElement("", cmp.Or(typedErrors[p.Code], "Error"))
	e.set("errorCode", string(p.Code))
	leaf := func(e *element, name, text string) {
		if text != "" {
			e.leaf(name, text)
		}
	}
	leaf(e, "AssetId", p.assetID)
	leaf(e, "ErrorMessage", p.Message)
	if p.Parameter != "" {
		q := e.child("QueryParameter")
		q.set("name", p.Parameter)
		leaf(q, "Format", p.format)
		leaf(q, "Maximum", p.Maximum)
		leaf(q, "Minimum", p.Minimum)
		leaf(q, "Type", p.kind)
		leaf(q, "Value", p.Value)
	}
	leaf(e, "Request", p.Request)
	leaf(e, "URI", p.URI)
	return e
}

// appendProblem appends an Error document.
func (a *Agent) appendProblem(b []byte, m *model, h *header, p *problem) []byte {
	b = a.appendRoot(b, m, docError, h)
	e := p.element(m.schema)
	if m.schema.at(1, 1) {
		list := newElement("", "Errors")
		list.add(e)
		e = list
	}
	return appendEnd(e.append(b), docError)
}
