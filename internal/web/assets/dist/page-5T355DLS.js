import"./chunk-3HB2ZDCK.js";
