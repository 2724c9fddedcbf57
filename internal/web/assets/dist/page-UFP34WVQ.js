import"./chunk-6PHLJENH.js";
