import"./chunk-PMQ7ACOP.js";
