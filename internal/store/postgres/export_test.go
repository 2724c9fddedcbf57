package postgres

import "github.com/jackc/pgx/v5/pgxpool"

// Write gives the tests the connections that write, to trip them up.
func (s *Store) Write() *pgxpool.Pool { return s.write }
