// What chartjs-plugin-zoom takes for Hammer.JS: nothing. It then does without
// gestures of touch, which the buttons and the strip below the charts stand in for.
export default undefined;
