import"./chunk-RF7VH5B4.js";
