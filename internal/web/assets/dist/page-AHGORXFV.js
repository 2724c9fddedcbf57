import"./chunk-Y5IGMHKV.js";
