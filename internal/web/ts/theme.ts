// Runs before the page is painted, so that it does not flash in another theme.

import { apply, chosen } from "./scheme";

document.documentElement.classList.add("js");
apply(chosen());
