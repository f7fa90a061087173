// Short notes at the edge: from Django's messages, from HX-Trigger {"toast": {"text", "level"}} and from this script.
import { text } from "./texts.js";

const STAY = ["error", "danger", "warning"];

function arm(note) {
  if (!STAY.includes(note.dataset.level)) setTimeout(() => note.remove(), 6000);
}

export function toast(words, level = "info") {
  const box = document.getElementById("toasts");
  if (!words || !box) return;
  const note = document.createElement("div");
  note.className = "toast-note";
  note.dataset.level = level;
  const line = document.createElement("p");
  line.textContent = words;
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.dismiss = "";
  button.setAttribute("aria-label", text("close"));
  button.textContent = "×";
  note.append(line, button);
  box.append(note);
  raise(box);
  arm(note);
}

// Above an open dialog only the top layer is seen, and a popover is how an element gets there.
function raise(box) {
  if (!box.showPopover) return;
  box.popover = "manual";
  if (box.matches(":popover-open")) box.hidePopover();
  box.showPopover();
}

document.addEventListener("toast", ({ detail }) => toast(detail.text || detail.message || detail.value, detail.level));
document.addEventListener("click", (event) => event.target.closest("[data-dismiss]")?.closest(".toast-note").remove());
document.addEventListener("htmx:load", () => document.querySelectorAll("#toasts .toast-note:not([data-armed])").forEach((note) => {
  note.dataset.armed = "";
  arm(note);
}));
