// Package api is factorydash's HTTP interface for programs: /api/v1 with its
// OpenAPI document, and the event stream that keeps pages live. Its Service
// puts together what pages and programs ask for, so that a page and the API
// never tell two stories.
package api
