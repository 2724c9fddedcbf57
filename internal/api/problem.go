package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// damagedType is the type of the problem that what is stored is damaged.
const damagedType = "https://github.com/factorydash/factorydash/blob/main/docs/operations.md#damaged-data"

// problem turns an error into what the client is told. The text of a fault goes
// to the log alone.
func (s *Service) problem(ctx context.Context, path string, err error) error {
	var shown *plant.Error
	code := plant.ErrorCode(err)
	switch {
	case code == plant.Damaged && errors.As(err, &shown):
		if s.damages.isNew(shown.Msg) {
			s.log.WarnContext(ctx, "stored data is damaged", "route", path, "error", err)
		}
		return &huma.ErrorModel{
			Type: damagedType, Title: "Stored data is damaged", Status: http.StatusInternalServerError,
			Detail: shown.Msg + ". Everything else can be read; `factorydash verify-store` tells more.",
		}
	case code != plant.Internal && code != plant.Unavailable && errors.As(err, &shown):
		return huma.NewError(statusOf(code), shown.Msg)
	case errors.Is(ctx.Err(), context.Canceled):
		return huma.NewError(http.StatusServiceUnavailable, "The request was given up.")
	case errors.Is(err, context.DeadlineExceeded):
		return huma.NewError(http.StatusServiceUnavailable, "This took longer than "+QueryTimeout.String()+"; ask for a shorter range.")
	}
	s.log.ErrorContext(ctx, "request to the API failed", "route", path, "error", err)
	if code == plant.Unavailable {
		return huma.NewError(http.StatusServiceUnavailable, "The store is not available now; try again later.")
	}
	return huma.NewError(http.StatusInternalServerError, "This is a fault of factorydash; its log says more.")
}

// damages remembers which damage was said in the log, so that it is said once and
// not with each request that meets it: at most as much as a store remembers.
type damages struct {
	mu   sync.Mutex
	said map[string]bool
}

// isNew reports whether a damage is to be said now.
func (d *damages) isNew(message string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.said[message] || len(d.said) == store.MaxFaults {
		return false
	}
	if d.said == nil {
		d.said = make(map[string]bool)
	}
	d.said[message] = true
	return true
}

// statusOf is the HTTP status of an error code.
func statusOf(c plant.Code) int {
	switch c {
	case plant.Invalid:
		return http.StatusUnprocessableEntity
	case plant.NotFound:
		return http.StatusNotFound
	case plant.Conflict:
		return http.StatusConflict
	case plant.Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// writeProblem answers with a problem after RFC 9457.
func writeProblem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	// An error means that the client has gone.
	_ = json.NewEncoder(w).Encode(huma.ErrorModel{Title: http.StatusText(status), Status: status, Detail: detail})
}
