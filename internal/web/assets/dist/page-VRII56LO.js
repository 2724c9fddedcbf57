import"./chunk-HYIQ52CV.js";
