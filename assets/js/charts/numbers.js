// Axis and tooltip figures: 万 and 亿 for Chinese readers, K and M for English ones.
const chinese = document.documentElement.lang.startsWith("zh");
const STEPS = chinese ? [[1e8, "亿"], [1e4, "万"]] : [[1e6, "M"], [1e3, "K"]];

export function short(value) {
  for (const [size, unit] of STEPS)
    if (Math.abs(value) >= size) return `${(value / size).toFixed(1).replace(/\.0$/, "")}${unit}`;
  return String(Math.round(value * 100) / 100);
}

export function full(value, unit) {
  if (value === null || value === undefined || value === "-") return "";
  if (unit === "percent") return `${value}%`;
  const digits = unit === "money" ? 2 : 0;
  return Number(value).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: Math.max(digits, unit === "days" ? 1 : digits) });
}

export function axis(unit) {
  return unit === "percent" ? (value) => `${value}%` : short;
}
