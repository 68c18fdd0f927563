const YEAR_SECONDS = 365 * 24 * 3600;

/** Switches light and dark at once and remembers it as the form would have done. */
class ThemeSwitch extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener("submit", (event) => {
      const button = (event as SubmitEvent).submitter;
      if (!(button instanceof HTMLButtonElement)) return;
      event.preventDefault();
      const root = document.documentElement;
      root.setAttribute("data-bs-theme", button.value);
      root.setAttribute("data-theme-chosen", "");
      const isSecure = location.protocol === "https:";
      const name = isSecure ? "__Host-theme" : "theme";
      // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store is absent from half of the browsers in the field
      document.cookie = `${name}=${button.value}; Path=/; Max-Age=${YEAR_SECONDS}; SameSite=Lax${isSecure ? "; Secure" : ""}`;
      const other = button.value === "dark" ? ".only-dark" : ".only-light";
      this.querySelector<HTMLButtonElement>(other)?.focus();
    });
  }
}

customElements.define("bh-theme", ThemeSwitch);
