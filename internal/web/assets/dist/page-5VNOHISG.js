import"./chunk-USA7JXJQ.js";
