import"./chunk-CZLWCYLZ.js";
