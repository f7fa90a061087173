// Warns before typed work is lost. A form is marked data-dirty from the first change until the server has taken it.
import { saveDraft } from "./drafts.js";
import { text } from "./texts.js";

function mark(event) {
  const form = event.target.closest?.("form[data-guard]");
  if (form && event.target.type !== "search") form.dataset.dirty = "1";
}
document.addEventListener("input", mark);
document.addEventListener("change", mark);

document.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.detail.elt;
  if (form?.matches?.("form[data-guard]")) delete form.dataset.dirty;
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt;
  if (!form?.matches?.("form[data-guard]") || event.detail.xhr.status === 401) return;
  if (event.detail.failed || event.detail.xhr.status === 0) form.dataset.dirty = "1";
});
// A refused form comes back as a new element: what stands in it is still unsaved.
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.xhr?.status < 400) return;
  for (const form of document.querySelectorAll("#form[data-guard], #verb[data-guard]")) form.dataset.dirty = "1";
});

// A form sent by the browser's own way: it is no longer unsaved, and it waits in case nobody is signed in any more.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("form[data-guard]")) return;
  if (form.dataset.dirty) saveDraft(form, true);
  delete form.dataset.dirty;
});

window.addEventListener("beforeunload", (event) => {
  if (document.querySelector("form[data-dirty]")) {
    event.preventDefault();
    event.returnValue = text("unsaved");
  }
});
