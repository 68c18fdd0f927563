import { word } from "./words";

const MINUTE_MS = 60_000;

/** How far the city's time is from this device's: the server says what time it was when it drew the page. */
function cityOffset(now: string | undefined): number {
  return now ? Date.parse(now) - Date.now() : 0;
}

function span(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / MINUTE_MS);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days >= 2) return word("days", { days, hours: hours % 24 });
  if (hours > 0) return word("hours", { hours, minutes: minutes % 60 });
  return word("minutes", { minutes });
}

/** Lets a clock badge run on: words and colour follow the city's time. */
class ClockBadge extends HTMLElement {
  #timer = 0;

  connectedCallback(): void {
    if (!this.dataset.target) return;
    const offset = cityOffset(this.dataset.now);
    this.#timer = window.setInterval(() => this.#draw(Date.now() + offset), MINUTE_MS / 2);
  }

  disconnectedCallback(): void {
    window.clearInterval(this.#timer);
  }

  #draw(now: number): void {
    const target = Date.parse(this.dataset.target ?? "");
    const limit = Date.parse(this.dataset.limit ?? "");
    const warn = Date.parse(this.dataset.warn ?? this.dataset.target ?? "");
    const tone = now >= limit ? "bad" : now >= warn ? "warn" : "neutral";
    this.classList.remove("tone-bad", "tone-warn", "tone-neutral");
    this.classList.add(`tone-${tone}`);
    const text = this.querySelector("span");
    if (text)
      text.textContent =
        now > target ? word("overdue", { span: span(now - target) }) : word("due", { span: span(target - now) });
  }
}

/** The city's time in the top bar. */
class CityTime extends HTMLElement {
  #timer = 0;

  connectedCallback(): void {
    const time = this.querySelector("time");
    if (!time) return;
    const offset = cityOffset(time.dateTime);
    const format = new Intl.DateTimeFormat("sv-SE", {
      dateStyle: "short",
      timeStyle: "short",
      timeZone: "Asia/Shanghai",
    });
    this.#timer = window.setInterval(() => {
      time.textContent = format.format(Date.now() + offset);
    }, 5_000);
  }

  disconnectedCallback(): void {
    window.clearInterval(this.#timer);
  }
}

customElements.define("bh-clock", ClockBadge);
customElements.define("bh-time", CityTime);
