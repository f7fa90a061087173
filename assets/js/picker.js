// Selects over tables of any size: the server answers ?q= with [{id, text, sub?}], twenty at most.
import htmx from "htmx.org";
import TomSelect from "tom-select/base";
import { signInAgain } from "./session.js";
import { text } from "./texts.js";

function escape(value) {
  const holder = document.createElement("div");
  holder.textContent = value ?? "";
  return holder.innerHTML;
}

function option(item) {
  return `<div>${escape(item.text)}${item.sub ? `<small>${escape(item.sub)}</small>` : ""}</div>`;
}

function draw(select) {
  let latest;
  const picker = new TomSelect(select, {
    valueField: "id",
    labelField: "text",
    searchField: [],
    score: () => () => 1,
    preload: "focus",
    loadThrottle: 250,
    maxOptions: 50,
    placeholder: text("typeMore"),
    allowEmptyOption: false,
    onType: () => picker.clearOptions(),
    load(query, done) {
      latest?.abort();
      latest = new AbortController();
      const url = new URL(select.dataset.pickerUrl, location.href);
      url.searchParams.set("q", query);
      fetch(url, { signal: latest.signal, headers: { Accept: "application/json" } })
        .then((answer) => {
          if (answer.status === 401 || answer.redirected) signInAgain(select);
          return answer.json();
        })
        .then((found) => {
          picker.clearOptions(); // an answer to what was typed before must not stay
          done(found.results || found);
        })
        .catch(() => done());
    },
    render: { option, no_results: () => `<div class="no-results">${escape(text("nothingFound"))}</div>`, loading: () => "" },
  });
  const name = select.getAttribute("aria-label") || document.querySelector(`label[for="${CSS.escape(picker.control_input.id)}"]`)?.textContent;
  for (const element of name ? [select, picker.control_input] : []) element.setAttribute("aria-label", name.replace("*", "").trim());
  for (const attribute of ["aria-describedby", "aria-invalid"])
    if (select.hasAttribute(attribute)) picker.control_input.setAttribute(attribute, select.getAttribute(attribute));
}

htmx.onLoad((content) => {
  const scope = content.matches?.("select[data-picker-url]") ? [content] : content.querySelectorAll("select[data-picker-url]");
  for (const select of scope) if (!select.tomselect) draw(select);
});
