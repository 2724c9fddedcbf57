import"./chunk-RXFCJOP5.js";
