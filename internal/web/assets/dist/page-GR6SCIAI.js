import"./chunk-RAD75FI4.js";
