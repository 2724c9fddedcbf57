import"./chunk-WK22MNW7.js";
