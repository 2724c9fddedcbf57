import"./chunk-ZBUMKB3G.js";
