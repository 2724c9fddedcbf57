import"./chunk-VF32IE3Q.js";
