import"./chunk-5MXEYD5M.js";
