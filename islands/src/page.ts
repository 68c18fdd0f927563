import { word } from "./words";

// A form that is on its way is not sent again by a second tap; coming back to the page frees its buttons.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !(form instanceof HTMLFormElement) || form.method !== "post") return;
  window.setTimeout(() => {
    for (const button of form.querySelectorAll("button[type=submit]")) button.setAttribute("disabled", "");
  });
});
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const button of document.querySelectorAll("form[method=post] button[disabled]"))
    button.removeAttribute("disabled");
});

// A menu closes when the eye has left it.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
    if (!menu.contains(event.target as Node)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }
});

document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-print]")) window.print();
});

// The first thing to read after a failed form is what went wrong.
document.querySelector<HTMLElement>(".note[autofocus]")?.focus();

for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(failure, () => {
    const note = document.createElement("div");
    note.className = "note tone-bad";
    note.setAttribute("role", "alert");
    const text = document.createElement("p");
    text.textContent = word("failed");
    note.append(text);
    document.getElementById("messages")?.replaceChildren(note);
  });
}
