package sqlite

import (
	"context"
	"database/sql"
	"strconv"
)

// scanner is a *sql.Row or a *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

// querier is a *sql.DB or a *sql.Tx.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// list reads all rows of a query by the readers. It is for lists that are
// bounded by the size of a plant; observations are read in pages.
func list[T any](ctx context.Context, s *Store, op string, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	all, err := collect(ctx, s.read, scan, query, args...)
	return all, s.fail(ctx, s.read, op, err)
}

// collect reads all rows of a query.
func collect[T any](ctx context.Context, q querier, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	return gather(rows, err, scan)
}

// gather reads all rows that a query gave.
func gather[T any](rows *sql.Rows, err error, scan func(scanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// fields reads the columns of row after row as SQLite gives them. For what is
// read by the thousand, that takes half the time of Scan's conversions.
type fields struct{ values, into []any }

func newFields(n int) *fields {
	f := &fields{make([]any, n), make([]any, n)}
	for i := range f.values {
		f.into[i] = &f.values[i]
	}
	return f
}

func (f *fields) read(row scanner) error { return row.Scan(f.into...) }

// int gives a column of integers: 0 where it is NULL.
func (f *fields) int(i int) int64 {
	n, _ := f.values[i].(int64)
	return n
}

// number gives a column of numbers.
func (f *fields) number(i int) float64 {
	switch n := f.values[i].(type) {
	case float64:
		return n
	case int64:
		return float64(n)
	default:
		return 0
	}
}

// bytes gives a BLOB: nil where it is NULL.
func (f *fields) bytes(i int) []byte {
	b, _ := f.values[i].([]byte)
	return b
}

// numberList is numbers as a JSON array, for json_each: the statement is the same
// for any number of them.
func numberList[T ~int32 | ~int64](numbers []T) string {
	b := make([]byte, 0, 2+8*len(numbers))
	b = append(b, '[')
	for i, n := range numbers {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return string(append(b, ']'))
}
