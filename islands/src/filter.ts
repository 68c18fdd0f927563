const TYPING_MS = 350;
let unfolded = false;

/** Sends the filter form by itself: choices at once, typed text when the typing stops. */
class FilterForm extends HTMLElement {
  #timer = 0;
  #sent = "";

  connectedCallback(): void {
    this.classList.add("is-live");
    this.#fold();
    this.#sent = this.#query();
    this.addEventListener("change", () => this.#send());
    this.addEventListener("input", (event) => {
      if ((event.target as HTMLElement).matches("input[type=search]")) {
        window.clearTimeout(this.#timer);
        this.#timer = window.setTimeout(() => this.#send(), TYPING_MS);
      }
    });
  }

  disconnectedCallback(): void {
    window.clearTimeout(this.#timer);
  }

  /** On a phone only the first field shows until the rest is asked for; what is asked for stays so. */
  #fold(): void {
    const button = this.querySelector<HTMLButtonElement>(".filter-fold");
    if (!button || this.querySelectorAll(".filter").length < 2) return;
    button.hidden = false;
    const draw = () => {
      this.classList.toggle("is-folded", !unfolded);
      button.setAttribute("aria-expanded", String(unfolded));
    };
    button.addEventListener("click", () => {
      unfolded = !unfolded;
      draw();
    });
    draw();
  }

  #send(): void {
    window.clearTimeout(this.#timer);
    const query = this.#query();
    // A field that is taken out of the page says "change" once more.
    if (query === this.#sent) return;
    this.#sent = query;
    this.querySelector("form")?.requestSubmit();
  }

  #query(): string {
    const form = this.querySelector("form");
    return form ? [...new FormData(form)].map(([name, value]) => `${name}=${value}`).join("&") : "";
  }
}

customElements.define("bh-filter", FilterForm);

/** The list is drawn anew after each answer: who was typing goes on typing where they were. */
let caret: { id: string; at: number | null } | undefined;
document.addEventListener("htmx:beforeSwap", () => {
  const field = document.activeElement;
  caret =
    field instanceof HTMLInputElement && field.closest("bh-filter")
      ? { id: field.id, at: field.selectionStart }
      : undefined;
});
document.addEventListener("htmx:afterSwap", () => {
  const field = caret && document.getElementById(caret.id);
  if (field instanceof HTMLInputElement && caret) {
    field.focus();
    if (caret.at !== null) field.setSelectionRange(caret.at, caret.at);
  }
});
