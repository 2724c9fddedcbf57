package api

import (
	"context"
	"time"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// ModelVersion is a version of an agent's device models, with what it changed in
// the one before.
type ModelVersion struct {
	// From is when it was first seen, by our clock. Digest is that of the document.
	From   time.Time `json:"from"`
	Digest string    `json:"digest"`
	// Devices and Items count what it has.
	Devices int `json:"devices"`
	Items   int `json:"items"`
	// First is true for the first version that is stored: it changed nothing.
	First bool `json:"first,omitempty"`
	// Added, Removed and Changed are at most MaxModelChanges entries each; Total
	// counts all of them.
	Added   []ModelItem   `json:"added"`
	Removed []ModelItem   `json:"removed"`
	Changed []ModelChange `json:"changed"`
	Total   int           `json:"total"`
	// Problem says why the document could not be read; empty otherwise.
	Problem string `json:"problem,omitempty"`
}

// ModelItem is a data item, or a device as a whole where dataItemId is left out.
type ModelItem struct {
	Device     string `json:"device"`
	DataItemID string `json:"dataItemId,omitempty"`
	Type       string `json:"type,omitempty"`
	Component  string `json:"component,omitempty"`
}

// ModelChange is what changed of a data item or device.
type ModelChange struct {
	ModelItem
	Fields []FieldChange `json:"fields"`
}

// FieldChange is what became of a field.
type FieldChange struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// modelVersions is the answer with them.
type modelVersions struct {
	Items []ModelVersion `json:"items"`
}

// AgentModels gives the newest versions of an agent's device models, at most
// MaxModels of them, newest first. NotFound where there is no agent with the name.
func (s *Service) AgentModels(ctx context.Context, name string) ([]ModelVersion, error) {
	a, err := s.findAgent(name)
	if err != nil {
		return nil, err
	}
	models, err := s.reader.Models(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	versions := []ModelVersion{}
	var after *ModelVersion
	var devices []plant.ModelDevice
	for i, m := range models[:min(len(models), MaxModels+1)] {
		was, err := s.devices(a.ID, m.Document)
		if after != nil && err == nil && after.Problem == "" {
			after.changes(insight.DiffModels(was, devices))
		}
		if i == MaxModels {
			break
		}
		v := ModelVersion{
			From: m.From.UTC(), Digest: m.Digest, Devices: len(was), First: i == len(models)-1,
			Added: []ModelItem{}, Removed: []ModelItem{}, Changed: []ModelChange{},
		}
		if err != nil {
			v.Problem = err.Error()
		}
		for _, d := range was {
			v.Items += len(d.Items)
		}
		versions = append(versions, v)
		after, devices = &versions[len(versions)-1], was
	}
	return versions, nil
}

// changes fills in what a version changed.
func (v *ModelVersion) changes(d insight.ModelDiff) {
	v.Total = len(d.Added) + len(d.Removed) + len(d.Changed)
	for _, it := range d.Added[:min(len(d.Added), MaxModelChanges)] {
		v.Added = append(v.Added, newModelItem(it))
	}
	for _, it := range d.Removed[:min(len(d.Removed), MaxModelChanges)] {
		v.Removed = append(v.Removed, newModelItem(it))
	}
	for _, c := range d.Changed[:min(len(d.Changed), MaxModelChanges)] {
		change := ModelChange{ModelItem: newModelItem(c.ModelItem)}
		for _, f := range c.Fields {
			change.Fields = append(change.Fields, FieldChange(f))
		}
		v.Changed = append(v.Changed, change)
	}
}

func newModelItem(it insight.ModelItem) ModelItem {
	return ModelItem{Device: it.Device, DataItemID: it.Item, Type: it.Type, Component: it.Component}
}
