import"./chunk-W447EKHJ.js";
