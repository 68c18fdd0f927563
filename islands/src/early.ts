// Runs before the page is drawn, so that a dark screen never flashes white. Without it the page is light.
{
  const root = document.documentElement;
  if (!root.hasAttribute("data-theme-chosen")) {
    const system = matchMedia("(prefers-color-scheme: dark)");
    const follow = (): void => {
      if (!root.hasAttribute("data-theme-chosen"))
        root.setAttribute("data-bs-theme", system.matches ? "dark" : "light");
    };
    follow();
    system.addEventListener("change", follow);
  }
}
