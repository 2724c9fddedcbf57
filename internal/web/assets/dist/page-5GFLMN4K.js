import"./chunk-5EV6CQSX.js";
