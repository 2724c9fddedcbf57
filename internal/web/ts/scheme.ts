// The themes: light, dark, high contrast, or as the system has it.

const KEY = "factorydash-theme";

/** chosen is the theme that was chosen; "auto" where none was. */
export function chosen(): string {
  try {
    return localStorage.getItem(KEY) ?? "auto";
  } catch {
    return "auto"; // Storage is off: the choice holds for this page only.
  }
}

/** remember keeps the choice for all pages. */
export function remember(theme: string): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Storage is off.
  }
}

/** apply puts a theme in force. */
export function apply(theme: string): void {
  const root = document.documentElement;
  // A page that hangs on a wall is dark whoever looks at it.
  if (root.dataset["fixedTheme"] !== undefined && theme !== "contrast") theme = "dark";
  if (theme === "auto") {
    theme = matchMedia("(prefers-contrast: more)").matches ? "contrast"
      : matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }
  root.dataset["bsTheme"] = theme === "light" ? "light" : "dark";
  root.dataset["contrast"] = theme === "contrast" ? "high" : "";
  root.dispatchEvent(new Event("theme"));
}
