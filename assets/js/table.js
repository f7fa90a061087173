// Rows are links as a whole, and cards on a phone, where each cell needs the name of its column.
import htmx from "htmx.org";

document.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-href]");
  if (!row || event.target.closest("a, button, input, select, label, summary") || String(getSelection())) return;
  if (event.ctrlKey || event.metaKey) open(row.dataset.href, "_blank", "noopener");
  else location.assign(row.dataset.href);
});

// An export says what the list shows now, which may have been narrowed since the page came.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-follows]");
  if (!link) return;
  const address = new URL(link.href);
  const said = [...new FormData(document.querySelector(link.dataset.follows))].filter(([, value]) => value);
  address.search = new URLSearchParams([["format", address.searchParams.get("format")], ...said]);
  link.href = address;
});

const narrow = matchMedia("(max-width: 640px)");

export function label(table) {
  const names = [...table.querySelectorAll("thead th")].map((head) => head.textContent.trim());
  for (const row of table.querySelectorAll("tbody tr, tfoot tr"))
    [...row.cells].forEach((cell, index) => (cell.dataset.label = cell.matches(".row-actions, .line-end") ? "" : names[index] || ""));
}

function labelAll(content) {
  if (!narrow.matches) return;
  for (const table of content.querySelectorAll("table[data-cards]")) label(table);
}
function fit() {
  const box = document.querySelector(".list > .table-wrap");
  if (!box) return;
  box.classList.remove("fits");
  box.classList.toggle("fits", box.scrollWidth <= box.clientWidth);
}
addEventListener("resize", fit);

narrow.addEventListener("change", () => labelAll(document));
htmx.onLoad((content) => {
  labelAll(content.parentElement || document);
  fit();
});
