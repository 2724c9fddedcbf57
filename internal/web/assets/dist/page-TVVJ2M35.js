import"./chunk-3ARD5LIW.js";
