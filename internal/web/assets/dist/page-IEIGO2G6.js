import"./chunk-TU7W6TCZ.js";
