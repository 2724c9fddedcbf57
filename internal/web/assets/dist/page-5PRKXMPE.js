import"./chunk-5NEHOVDV.js";
