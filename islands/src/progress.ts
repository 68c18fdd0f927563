type JobEvent = { state: string; words: string; done: number; total: number; message: string; url: string };

const OVER = new Set(["done", "refused", "failed"]);

/** Follows a background job by server-sent events. Without it the page shows how far the job was when it was drawn. */
class JobProgress extends HTMLElement {
  #events: EventSource | undefined;

  connectedCallback(): void {
    const url = this.dataset.events;
    if (!url || OVER.has(this.dataset.state ?? "")) return;
    this.#events = new EventSource(url);
    this.#events.onmessage = (message) => this.#draw(JSON.parse(message.data) as JobEvent);
  }

  disconnectedCallback(): void {
    this.#events?.close();
  }

  #draw(event: JobEvent): void {
    this.dataset.state = event.state;
    this.#text("words", event.words);
    this.#text("done", String(event.done));
    this.#text("total", String(event.total));
    this.#text("message", event.message);
    const bar = this.querySelector<HTMLProgressElement>("[data-bar]");
    if (bar && event.total > 0) {
      bar.max = event.total;
      bar.value = event.done;
    }
    if (!OVER.has(event.state)) return;
    this.#events?.close();
    if (bar && event.total === 0) {
      bar.max = 1;
      bar.value = 1;
    }
    const link = this.querySelector<HTMLAnchorElement>("[data-result] a");
    if (link && event.url) {
      link.href = event.url;
      this.querySelector("[data-result]")?.removeAttribute("hidden");
    }
  }

  #text(name: string, value: string): void {
    const element = this.querySelector(`[data-${name}]`);
    if (element) element.textContent = value;
  }
}

customElements.define("bh-progress", JobProgress);
