import"./chunk-N7GAJAVR.js";
