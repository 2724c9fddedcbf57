// Package plant is the domain of factorydash: agents and their instances,
// devices and their data items, observations, conditions and their activations,
// gaps, and the states of machines, with the rules that belong to them.
//
// The words are those of MTConnect where it has them. The package knows nothing
// of how data is read, stored or shown, and imports nothing of this module.
package plant
