module github.com/factorydash/factorydash/bench/parse

go 1.26.0

require (
	github.com/factorydash/factorydash v0.0.0
	github.com/orisano/gosax v1.1.1
)

replace github.com/factorydash/factorydash => ../..
