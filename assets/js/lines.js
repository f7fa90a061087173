// Tables of lines in a form (Django formsets): add, remove, Enter goes down, a range pasted from Excel fills the cells.
import htmx from "htmx.org";
import { label } from "./table.js";

export function addLine(lines, focus = true) {
  const total = lines.querySelector(`[name="${CSS.escape(lines.dataset.formset)}-TOTAL_FORMS"]`);
  const holder = document.createElement("tbody");
  holder.innerHTML = lines.querySelector("template[data-row]").innerHTML.replaceAll("__prefix__", total.value);
  const row = holder.querySelector("tr");
  lines.querySelector("[data-rows]").append(row);
  total.value = Number(total.value) + 1;
  label(lines.querySelector("table"));
  htmx.process(row);
  htmx.trigger(row, "htmx:load", { elt: row });
  if (focus) inputs(row)[0]?.focus();
  return row;
}

function inputs(row) {
  return [...row.querySelectorAll("input:not([type=hidden]), select, textarea")].filter((field) => field.offsetParent !== null || field.tomselect);
}

function rowsOf(lines) {
  return [...lines.querySelectorAll("[data-rows] tr")].filter((row) => !row.hidden);
}

document.addEventListener("click", (event) => {
  const lines = event.target.closest("[data-formset]");
  if (!lines) return;
  if (event.target.closest("[data-add]")) addLine(lines);
  const remove = event.target.closest("[data-remove]");
  if (!remove) return;
  const row = remove.closest("tr");
  const tick = row.querySelector('input[name$="-DELETE"]');
  if (tick) tick.checked = true;
  row.hidden = true;
  lines.dispatchEvent(new Event("change", { bubbles: true }));
  lines.querySelector("[data-add]")?.focus();
});

document.addEventListener("keydown", (event) => {
  const lines = event.target.closest?.("[data-formset]");
  if (event.key !== "Enter" || event.defaultPrevented || event.isComposing || !lines || !event.target.matches("input, select")) return;
  if (event.target.closest(".ts-wrapper.dropdown-active")) return;
  event.preventDefault();
  const rows = rowsOf(lines);
  const row = event.target.closest("tr");
  const column = event.target.closest("td")?.cellIndex ?? 0;
  const below = rows[rows.indexOf(row) + 1];
  if (below) inputs(below).find((field) => field.closest("td").cellIndex === column)?.focus();
  else if (lines.querySelector("[data-add]")) addLine(lines);
});

function fill(field, value) {
  if (field.tagName === "SELECT") {
    const option = [...field.options].find((found) => found.text.trim() === value || found.value === value);
    if (!option || field.tomselect) return;
    field.value = option.value;
  } else if (field.type === "checkbox") field.checked = /^(1|x|y|yes|true|是)$/i.test(value);
  else field.value = value;
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

document.addEventListener("paste", (event) => {
  const lines = event.target.closest?.("[data-formset]");
  const copied = event.clipboardData?.getData("text/plain") || "";
  if (!lines || !/[\t\n]/.test(copied.trim())) return;
  event.preventDefault();
  const start = event.target.closest("tr");
  const column = inputs(start).indexOf(event.target);
  let at = rowsOf(lines).indexOf(start);
  for (const line of copied.replace(/\r/g, "").replace(/\n+$/, "").split("\n")) {
    const row = rowsOf(lines)[at++] || addLine(lines, false);
    const fields = inputs(row);
    line.split("\t").forEach((value, index) => fields[column + index] && fill(fields[column + index], value.trim()));
  }
});
