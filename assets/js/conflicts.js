// Two versions of a field beside each other: theirs goes into the form, and mine back again.
const kept = new WeakMap();

function fieldsOf(button) {
  const name = button.closest("[data-field]").dataset.field;
  return [...button.closest("form").elements].filter((field) => field.name === name);
}

function read(fields) {
  return fields.flatMap((field) => {
    if (["checkbox", "radio"].includes(field.type)) return field.checked ? [field.value] : [];
    return field.multiple ? [...field.selectedOptions].map((option) => option.value) : [field.value];
  });
}

function put(field, values, words) {
  if (["checkbox", "radio"].includes(field.type)) field.checked = values.includes(field.value);
  else if (field.tomselect) {
    if (values[0]) field.tomselect.addOption({ id: values[0], text: words });
    field.tomselect.setValue(values[0] || "");
  } else if (field.multiple) for (const option of field.options) option.selected = values.includes(option.value);
  else field.value = values[0] ?? "";
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-take]");
  if (!button) return;
  const fields = fieldsOf(button);
  const mine = kept.get(button);
  const row = button.closest("[data-field]");
  if (mine) kept.delete(button);
  else kept.set(button, read(fields));
  for (const field of fields) put(field, mine || JSON.parse(button.dataset.raw), button.dataset.text);
  row.classList.toggle("took-theirs", !mine);
  const said = button.firstChild.textContent;
  button.firstChild.textContent = button.dataset.back;
  button.dataset.back = said;
});
