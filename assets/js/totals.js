// The running total under a grid of lines, while somebody types. The server reckons anew when the form is sent.
import htmx from "htmx.org";
import { plain } from "./numbers.js";

function cell(row, name) {
  return row.querySelector(`[name$="-${name}"]`);
}

function figure(row, name, otherwise) {
  const field = cell(row, name);
  if (!field) return otherwise;
  const value = Number(plain(field.value));
  return field.value.trim() === "" || Number.isNaN(value) ? 0 : value;
}

function cents(value) {
  return Math.round(value * 100 + Math.sign(value) * 1e-6) / 100;
}

// The amount with tax: written down, or quantity by price less discount.
function gross(row) {
  if (cell(row, "gross_price")) return cents(figure(row, "quantity", 1) * figure(row, "gross_price", 0) * (1 - figure(row, "discount_percent", 0) / 100));
  return cents(figure(row, "gross_amount", 0));
}

function percent(row) {
  const rate = cell(row, "tax_rate");
  const found = /([\d.]+)\s*%/.exec(rate?.selectedOptions?.[0]?.text || "");
  return found ? Number(found[1]) : 0;
}

const shown = (value) => value.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const net = (row) => cents((gross(row) * 100) / (100 + percent(row)));
// What a line costs us: days at their price, else the amount, without the tax we get back.
function cost(row) {
  const days = cents(figure(row, "days", 0) * figure(row, "net_day_amount", 0));
  const likely = days || (cell(row, "deductible")?.checked ? net(row) : gross(row));
  const ranged = ["net_low", "net_high"].every((name) => cell(row, name)?.value.trim());
  return ranged ? cents((figure(row, "net_low", 0) + 4 * likely + figure(row, "net_high", 0)) / 6) : likely;
}
const sum = (rows, part) => rows.reduce((total, row) => total + part(row), 0);

function add(lines) {
  const total = lines.querySelector("[data-total]");
  if (!total) return;
  const rows = [...lines.querySelectorAll("[data-rows] tr")].filter((row) => !row.hidden && !cell(row, "is_optional")?.checked);
  total.hidden = !rows.some((row) => cell(row, "tax_rate") && (cell(row, "gross_price") || cell(row, "gross_amount")));
  if (total.hidden) return;
  const costed = rows.some((row) => cell(row, "deductible"));
  total.querySelector("[data-priced]").hidden = costed;
  total.querySelector("[data-costed]").hidden = !costed;
  total.querySelector("[data-gross]").textContent = shown(sum(rows, gross));
  total.querySelector("[data-net]").textContent = shown(sum(rows, net));
  total.querySelector("[data-cost]").textContent = shown(sum(rows, cost));
}

for (const name of ["input", "change", "click"])
  document.addEventListener(name, (event) => {
    const lines = event.target.closest?.("[data-formset]");
    if (lines) add(lines);
  });
htmx.onLoad((content) => (content.parentElement || content).querySelectorAll("[data-formset]").forEach(add));
