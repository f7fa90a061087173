// The one dialog for verbs (#modal), and any <dialog> opened by data-open="#id". The browser keeps the focus inside.
import { text } from "./texts.js";

const modal = () => document.getElementById("modal");

function mayLose(dialog) {
  return !dialog.querySelector("form[data-dirty]") || confirm(text("unsaved"));
}

export function close(dialog) {
  for (const form of dialog.querySelectorAll("form[data-dirty]")) delete form.dataset.dirty;
  dialog.close();
}

// Where the focus goes back to; out of a menu that has closed meanwhile, to the button of the menu.
let opener = null;
document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.target?.id === "modal-body" && !modal().open) opener = document.activeElement;
});

function giveBack() {
  const menu = opener?.closest?.("details:not([open])")?.querySelector("summary");
  const target = menu || opener;
  opener = null;
  if (target?.isConnected) target.focus({ preventScroll: true });
}

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id === "form") document.querySelector("#form .is-invalid")?.focus();
  if (event.detail.target?.id !== "modal-body") return;
  const body = document.getElementById("modal-body");
  if (!body.innerHTML.trim()) return;
  modal().classList.toggle("wide", Boolean(body.querySelector(".lines, .fourcost")));
  if (!modal().open) modal().showModal();
  const wrong = body.querySelector(".is-invalid, [aria-invalid=true]");
  const first = wrong || body.querySelector(".modal-main :is(input:not([type=hidden]), select, textarea)") || body.querySelector("[type=submit]");
  first?.focus();
});

document.addEventListener("modal-close", () => modal().open && close(modal()));

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) document.querySelector(opener.dataset.open)?.showModal();
  const closer = event.target.closest("[data-close]");
  const dialog = closer?.closest("dialog") || (event.target.tagName === "DIALOG" ? event.target : null);
  if (dialog && (closer || outside(dialog, event)) && mayLose(dialog)) {
    event.preventDefault();
    close(dialog);
  } else if (closer && closer.tagName === "BUTTON" && !dialog) history.back();
});

function outside(dialog, event) {
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}

document.addEventListener("cancel", (event) => event.target.tagName === "DIALOG" && !mayLose(event.target) && event.preventDefault(), true);
document.addEventListener(
  "close",
  (event) => {
    if (event.target.id !== "modal") return;
    const body = document.getElementById("modal-body");
    // What many records became was read: the list behind is renewed.
    const changed = body.querySelector("[data-changed]");
    body.innerHTML = "";
    giveBack();
    if (changed) document.dispatchEvent(new Event("record-changed"));
  },
  true,
);
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-closes-dialog]")) event.target.closest("dialog")?.close();
});
