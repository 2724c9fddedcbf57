package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// querier is a pool, a connection or a transaction.
type querier interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
}

// list reads all rows of a query by the readers. It is for lists that are
// bounded by the size of a plant; observations are read in pages.
func list[T any](ctx context.Context, s *Store, op string, scan func(pgx.CollectableRow) (T, error), query string, args ...any) ([]T, error) {
	all, err := collect(ctx, s.read, scan, query, args...)
	return all, s.fail(ctx, op, err)
}

// collect reads all rows of a query.
func collect[T any](ctx context.Context, q querier, scan func(pgx.CollectableRow) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan)
}

// one reads the only row of a query, or the first: pgx.ErrNoRows where there is
// none.
func one[T any](ctx context.Context, q querier, scan func(pgx.CollectableRow) (T, error), query string, args ...any) (T, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		var none T
		return none, err
	}
	return pgx.CollectOneRow(rows, scan)
}
