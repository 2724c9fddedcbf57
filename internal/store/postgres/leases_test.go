package postgres_test

import (
	"testing"

	"github.com/factorydash/factorydash/internal/store/postgres"
	"github.com/factorydash/factorydash/internal/store/postgres/pgtest"
	"github.com/factorydash/factorydash/internal/store/storetest"
)

func TestLeases(t *testing.T) {
	storetest.RunLeases(t, func(t *testing.T) (one, other storetest.LeaseStore) {
		url := pgtest.Database(t)
		return open(t, url, postgres.Options{}), open(t, url, postgres.Options{})
	})
}
