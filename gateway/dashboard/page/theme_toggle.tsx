import { useState } from "preact/hooks";
import { applyTheme, storedTheme, type Theme } from "./theme.ts";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const SIGN: Record<Theme, string> = { system: "◐", light: "☀", dark: "☾" };

/** Goes round the themes. */
export function ThemeToggle() {
  const [theme, setTheme] = useState(storedTheme);
  const choose = () => {
    applyTheme(NEXT[theme]);
    setTheme(NEXT[theme]);
  };
  const label = `Theme: ${theme}. Change to ${NEXT[theme]}`;
  return (
    <button type="button" class="quiet" aria-label={label} title={label} onClick={choose}>
      <span aria-hidden="true">{SIGN[theme]}</span>
    </button>
  );
}
