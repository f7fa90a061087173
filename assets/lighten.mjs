// Takes out of Tabler's stylesheet what no page uses: 635 kB become a fifth, and a browser reads the rest faster.

// A selector falls when one of its classes begins with one of these words. The plain utilities (mb-3, d-flex, row, col-md-6 …)
// stay, because pages are written with them.
const UNUSED = [
  ..."accordion animated apexcharts avatar blockquote body- breadcrumb browser calendar callout carousel chart chat chip clearfix".split(" "),
  ..."cursor datagrid demo divide dropdown dropend dropstart dropup dz- empty fc- figure flag float footer fslightbox gradient".split(" "),
  ..."hide-theme icon-link icon-pulse icon-rotate icon-shake icon-tada icon-filled icon-inline img initialism input-icon jvm layout lead legend litepicker loader".split(" "),
  ..."markdown media mention modal nav navbar object offcanvas opacity order otp page pagination payment placeholder plyr".split(" "),
  ..."popover progress prose rating ratio ribbon row-cols scroll signal signature social sortable space sparkline spinner".split(" "),
  ..."stars star- status steps step- sticky stretched strength switch tab- tag theme timeline toast tooltip tox tracking".split(" "),
  ..."translate vcard visible- wizard z- text-bg bg-blur bg-gradient bg-opacity bg-pattern text-opacity link-opacity link-underline link-offset".split(" "),
  ..."border-opacity border-start border-end rounded-top rounded-bottom rounded-start rounded-end focus-ring hover- list-group grid columns".split(" "),
  ..."btn-animate btn-close btn-floating btn-loading btn-pill btn-square form-colorcheck form-colorinput form-floating form-imagecheck".split(" "),
  ..."form-range form-selectgroup card-active card-avatar card-cover card-gradient card-group card-img card-inactive card-link".split(" "),
  ..."card-progress card-rotate card-sponsor card-stacked card-stamp card-status card-tabs was-validated valid- is-valid".split(" "),
  ..."g-col g-start offset".split(" "),
  ...["btn", "bg", "text"].flatMap((kind) =>
    "bitbucket dribbble facebook flickr github google instagram linkedin pinterest rss tabler twitter vimeo vk x youtube"
      .split(" ")
      .map((brand) => `${kind}-${brand}`),
  ),
];
const falls = new RegExp(`\\.(?:${UNUSED.join("|")})[\\w-]*|\\.[\\w-]+-(?:sm|xl|xxl)(?:-[\\w-]+)?(?![\\w-])|\\[data-vc`);
const sized = /\.(?:btn|form-control|form-select|icon|container)-(?:sm|xl)(?![\w-])/;

/** Splits at top level only: a comma in :is(a, b) or a brace in a string divides nothing. */
function splitSelectors(text) {
  const parts = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if ("([".includes(text[i])) depth++;
    else if (")]".includes(text[i])) depth--;
    else if (text[i] === "," && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

/** Reads the next statement from `at`: {prelude, body} of a block, or {prelude} of a line ending in a semicolon. */
function next(css, at) {
  let i = at;
  let quote = "";
  for (; i < css.length; i++) {
    const char = css[i];
    if (quote) {
      if (char === "\\") i++;
      else if (char === quote) quote = "";
    } else if (char === '"' || char === "'") quote = char;
    else if (char === ";") return { prelude: css.slice(at, i).trim(), end: i + 1 };
    else if (char === "{") break;
  }
  if (i >= css.length) return null;
  const prelude = css.slice(at, i).trim();
  const open = i + 1;
  let depth = 1;
  for (i = open; depth && i < css.length; i++) {
    const char = css[i];
    if (quote) {
      if (char === "\\") i++;
      else if (char === quote) quote = "";
    } else if (char === '"' || char === "'") quote = char;
    else if (char === "{") depth++;
    else if (char === "}") depth--;
  }
  return { prelude, body: css.slice(open, i - 1), end: i };
}

function stays(selector) {
  return sized.test(selector) || !falls.test(selector);
}

function rules(css) {
  let kept = "";
  for (let at = 0, found = next(css, at); found; found = next(css, (at = found.end))) {
    const { prelude, body } = found;
    if (body === undefined) kept += prelude.startsWith("@charset") ? "" : `${prelude};\n`;
    else if (/^@(media|supports|layer)/.test(prelude)) {
      const inner = rules(body);
      if (inner.trim()) kept += `${prelude}{${inner}}\n`;
    } else if (prelude.startsWith("@")) kept += `${prelude}{${body}}\n`;
    else {
      const selectors = splitSelectors(prelude).map((selector) => selector.trim());
      const plain = selectors.filter((selector) => !/data-(bs-)?theme/.test(selector) && stays(selector));
      if (plain.length) kept += `${plain.join(",")}{${body.replace("color-scheme: light;", "color-scheme: light dark;")}}\n`;
      // Dark mode follows the system and nothing else, so it needs no script and never flashes.
      const dark = selectors.filter((selector) => selector.startsWith("[data-bs-theme=dark]") && stays(selector));
      const rooted = dark.map((selector) => selector.replace("[data-bs-theme=dark]", ":root"));
      if (dark.length && !body.includes("!important")) kept += `@media (prefers-color-scheme: dark){${rooted.join(",")}{${body}}}\n`;
    }
  }
  return kept;
}

export function lighten(css) {
  return rules(css.replace(/\/\*(?!!)[\s\S]*?\*\//g, "").replace(/\/\*#[^*]*\*\//g, ""));
}
