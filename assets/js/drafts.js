// When a session ends while somebody types, what was typed waits in this tab until the same person is signed in again.
// It never leaves the tab, is shown to nobody else, and goes when its owner signs out or another person signs in.
import htmx from "htmx.org";
import { addLine } from "./lines.js";
import { me, text } from "./texts.js";
import { toast } from "./toasts.js";

const PREFIX = "ltc:draft:";
const LEFT_OUT = ["csrfmiddlewaretoken", "idempotency_key"];

function fieldsOf(form) {
  return [...form.elements].filter((field) => field.name && !LEFT_OUT.includes(field.name) && !["file", "password"].includes(field.type));
}

// `sent`: the form went by the browser's own way, and only the next page tells whether somebody was signed in.
export function saveDraft(form, sent = false) {
  if (!me()) return;
  const values = fieldsOf(form).map((field) => ({
    name: field.name,
    value: field.value,
    checked: field.checked,
    label: field.selectedOptions?.[0]?.text,
  }));
  const draft = { page: location.pathname, action: form.getAttribute("action"), dialog: Boolean(form.closest("#modal")), sent, values };
  sessionStorage.setItem(PREFIX + me(), JSON.stringify(draft));
}

export function forgetDrafts(except) {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX) && key !== except) sessionStorage.removeItem(key);
}

function put(field, { value, checked, label }) {
  if (["checkbox", "radio"].includes(field.type)) {
    if (field.value === value) field.checked = checked;
    return;
  }
  if (field.tagName === "SELECT" && ![...field.options].some((option) => option.value === value)) field.add(new Option(label, value));
  field.value = value;
}

// The version goes back as well: what others changed meanwhile is shown beside it when the form is sent.
function restore(form, draft) {
  for (const { name, value } of draft.values.filter((entry) => entry.name.endsWith("-TOTAL_FORMS"))) {
    const lines = form.querySelector(`[data-formset="${CSS.escape(name.replace(/-TOTAL_FORMS$/, ""))}"]`);
    while (lines && Number(lines.querySelector(`[name="${CSS.escape(name)}"]`).value) < Number(value)) addLine(lines, false);
  }
  for (const entry of draft.values) for (const field of fieldsOf(form)) if (field.name === entry.name) put(field, entry);
  for (const folded of form.querySelectorAll("details.fields-folded")) folded.open = true;
  form.dataset.dirty = "1";
  forgetDrafts();
  toast(text("restored"), "info");
}

function waiting() {
  const draft = JSON.parse(sessionStorage.getItem(PREFIX + me()) || "null");
  return draft && draft.page === location.pathname ? draft : null;
}

// On the page of the sign-in a draft that was sent turns out to be lost; on any other page it has arrived.
function settleSent() {
  for (const key of Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX))) {
    const draft = JSON.parse(sessionStorage.getItem(key));
    if (!draft.sent) continue;
    if (document.querySelector("[data-sign-in]")) sessionStorage.setItem(key, JSON.stringify({ ...draft, sent: false }));
    else sessionStorage.removeItem(key);
  }
}

settleSent();
if (me()) forgetDrafts(PREFIX + me());

htmx.onLoad((content) => {
  const draft = me() && waiting();
  if (!draft) return;
  const scope = content.parentElement || content;
  const form = [...scope.querySelectorAll("form[data-guard]")].find((found) => found.getAttribute("action") === draft.action);
  if (form) restore(form, draft);
  else if (draft.dialog && content === document.body) htmx.ajax("get", draft.action, { target: "#modal-body", swap: "innerHTML" });
});
