import"./chunk-ZNMXTB46.js";
