package api

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/factorydash/factorydash/internal/plant"
)

// CheckQuery refuses a query that is not written as one, that has a parameter which
// is none of those that may be there, or one of once several times; those of lists
// may be there several times. Its error is of code plant.Invalid.
func CheckQuery(query string, once, lists []string) error {
	q, err := url.ParseQuery(query)
	if err != nil {
		return plant.Errorf(plant.Invalid, "the query %s cannot be read: write it as name=value&name=value, with %%26 for &, %%25 for %% and %%3B for ;", quote(query))
	}
	for _, name := range slices.Sorted(maps.Keys(q)) {
		switch {
		case slices.Contains(lists, name):
		case !slices.Contains(once, name):
			return plant.Errorf(plant.Invalid, "%s: there is no such parameter here; %s", quote(name), useOf(slices.Concat(once, lists)))
		case len(q[name]) > 1:
			return plant.Errorf(plant.Invalid, "%s is there %d times: give it once", name, len(q[name]))
		}
	}
	return nil
}

// useOf says which parameters there are.
func useOf(names []string) string {
	if len(names) == 0 {
		return "leave it out, there is none"
	}
	return "use " + strings.Join(names, ", ")
}

// checkParams refuses questions with parameters that are not those of their route.
func checkParams(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		var once, lists []string
		for _, p := range ctx.Operation().Parameters {
			switch {
			case p.In != "query":
			case p.Schema.Type == huma.TypeArray:
				lists = append(lists, p.Name)
			default:
				once = append(once, p.Name)
			}
		}
		u := ctx.URL()
		if err := CheckQuery(u.RawQuery, once, lists); err != nil {
			_ = huma.WriteErr(api, ctx, http.StatusUnprocessableEntity, err.Error()) // An error means that the client has gone.
			return
		}
		next(ctx)
	}
}
