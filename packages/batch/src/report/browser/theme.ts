/** Light or dark as the system has it, until the button says otherwise. `onChange` is told after each change. */
export function followTheme(onChange: () => void): void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const button = document.getElementById("theme");
  const root = document.documentElement;
  const isDark = (): boolean => (root.dataset["theme"] ?? (system.matches ? "dark" : "light")) === "dark";
  const show = (): void => {
    if (button) button.textContent = isDark() ? "Light" : "Dark";
    onChange();
  };
  button?.addEventListener("click", () => {
    root.dataset["theme"] = isDark() ? "light" : "dark";
    show();
  });
  system.addEventListener("change", show);
  if (button) button.textContent = isDark() ? "Light" : "Dark";
}
