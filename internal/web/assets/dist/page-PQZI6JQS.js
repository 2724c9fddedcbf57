import"./chunk-KO626V44.js";
