// When a session ends while somebody types, what was typed waits in this tab until they are signed in again.
import htmx from "htmx.org";
import { addLine } from "./lines.js";
import { text } from "./texts.js";
import { toast } from "./toasts.js";

const KEY = "ltc:draft";
const LEFT_OUT = ["csrfmiddlewaretoken", "idempotency_key"];

function fieldsOf(form) {
  return [...form.elements].filter((field) => field.name && !LEFT_OUT.includes(field.name) && !["file", "password"].includes(field.type));
}

export function saveDraft(form) {
  const values = fieldsOf(form).map((field) => ({
    name: field.name,
    value: field.value,
    checked: field.checked,
    label: field.selectedOptions?.[0]?.text,
  }));
  const draft = { page: location.pathname, action: form.getAttribute("action"), dialog: Boolean(form.closest("#modal")), values };
  sessionStorage.setItem(KEY, JSON.stringify(draft));
}

function put(field, { value, checked, label }) {
  if (["checkbox", "radio"].includes(field.type)) {
    if (field.value === value) field.checked = checked;
    return;
  }
  if (field.tagName === "SELECT" && ![...field.options].some((option) => option.value === value)) field.add(new Option(label, value));
  field.value = value;
}

function restore(form, draft) {
  for (const { name, value } of draft.values.filter((entry) => entry.name.endsWith("-TOTAL_FORMS"))) {
    const lines = form.querySelector(`[data-formset="${CSS.escape(name.replace(/-TOTAL_FORMS$/, ""))}"]`);
    while (lines && Number(lines.querySelector(`[name="${CSS.escape(name)}"]`).value) < Number(value)) addLine(lines, false);
  }
  for (const entry of draft.values)
    for (const field of fieldsOf(form)) if (field.name === entry.name && field.name !== "version") put(field, entry);
  form.dataset.dirty = "1";
  sessionStorage.removeItem(KEY);
  toast(text("restored"), "info");
}

htmx.onLoad((content) => {
  const draft = JSON.parse(sessionStorage.getItem(KEY) || "null");
  if (!draft || draft.page !== location.pathname) return;
  const scope = content.parentElement || content;
  const form = [...scope.querySelectorAll("form[data-guard]")].find((found) => found.getAttribute("action") === draft.action);
  if (form) restore(form, draft);
  else if (draft.dialog && content === document.body) htmx.ajax("get", draft.action, { target: "#modal-body", swap: "innerHTML" });
});
