// Amounts are shown with separators once the field is left, and sent without them.
import htmx from "htmx.org";

const AMOUNT = 'input[inputmode="decimal"]';

export function plain(value) {
  const typed = value.normalize("NFKC").replaceAll("\u2212", "-").replace(/[\s¥']/g, "");
  return /^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$/.test(typed) ? typed.replaceAll(",", "") : typed;
}

function group(field) {
  const value = plain(field.value);
  // What is no number stays as typed, for the server to name the mistake.
  if (!/^[+-]?\d+(\.\d*)?$/.test(value)) return;
  const [whole, fraction] = value.split(".");
  field.value = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",") + (fraction === undefined ? "" : `.${fraction}`);
}

document.addEventListener("change", (event) => event.target.matches?.(AMOUNT) && group(event.target));
htmx.onLoad((content) => content.querySelectorAll(AMOUNT).forEach(group));

document.addEventListener("formdata", (event) => {
  for (const field of event.target.querySelectorAll(AMOUNT))
    if (field.name && event.formData.has(field.name)) event.formData.set(field.name, plain(event.formData.get(field.name)));
});
