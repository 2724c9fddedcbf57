import"./chunk-6CZF44SQ.js";
