package simulate

import _ "embed"

//go:embed plant.json
var plantFile []byte

// PlantFile is what the people of the standard shop say of it, as a shop file has
// it: its shifts as its machines are staffed, areas, ideal cycles and targets.
func PlantFile() []byte { return plantFile }
