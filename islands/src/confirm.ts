import { word } from "./words";

/** Asks before a form with `data-confirm` is sent. */
function ask(form: HTMLFormElement, submitter: HTMLElement | null): void {
  const dialog = document.createElement("dialog");
  dialog.className = "ask";
  const text = document.createElement("p");
  text.id = "ask-text";
  text.textContent = form.dataset.confirm ?? "";
  dialog.setAttribute("aria-labelledby", text.id);
  const buttons = document.createElement("form");
  buttons.method = "dialog";
  buttons.className = "form-buttons";
  const yes = button(
    word("confirm"),
    "yes",
    submitter?.classList.contains("btn-danger") ? "btn btn-danger" : "btn btn-primary",
  );
  buttons.append(yes, button(word("cancel"), "no", "btn btn-ghost"));
  dialog.append(text, buttons);
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (dialog.returnValue === "yes") {
      form.dataset.confirmed = "";
      form.requestSubmit(submitter);
    } else {
      submitter?.focus();
    }
  });
  document.body.append(dialog);
  dialog.showModal();
}

function button(label: string, value: string, css: string): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "submit";
  made.value = value;
  made.className = css;
  made.textContent = label;
  return made;
}

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.dataset.confirm || "confirmed" in form.dataset) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    ask(form, event.submitter);
  },
  true,
);
