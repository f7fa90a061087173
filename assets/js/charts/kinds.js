// One function per kind of picture: (spec, dark) -> ECharts option.
import { axis, full } from "./numbers.js";

const LIGHT = { colours: ["#3b57c4", "#2f9e8f", "#d08a1d", "#a855b8", "#6b7280", "#c2453c"], ink: "#3c4350", line: "#e3e6eb", up: "#2f9e8f", down: "#c2453c", surface: "#fff" };
const DARK = { colours: ["#8aa0ff", "#5cc7b8", "#f0b95a", "#d490e0", "#a6aebd", "#ff958b"], ink: "#c6ccd8", line: "#2c313b", up: "#5cc7b8", down: "#ff958b", surface: "#181b21" };

function base(spec, dark) {
  const tone = dark ? DARK : LIGHT;
  return {
    tone,
    option: {
      color: tone.colours,
      animation: false,
      textStyle: { color: tone.ink, fontFamily: getComputedStyle(document.body).fontFamily },
      // richText draws the tooltip inside the picture: the html one sets style attributes, which the CSP forbids.
      tooltip: { renderMode: "richText", confine: true, backgroundColor: tone.surface, borderColor: tone.line, textStyle: { color: tone.ink, fontSize: 12 }, valueFormatter: (value) => full(value, spec.unit) },
      legend: spec.series.length > 1 ? { top: 0, textStyle: { color: tone.ink }, itemWidth: 12, itemHeight: 8 } : undefined,
      grid: { left: 8, right: 16, top: spec.series.length > 1 ? 32 : 16, bottom: 4, containLabel: true },
    },
  };
}

function axes(spec, tone) {
  const names = { type: "category", data: spec.categories, axisLabel: { color: tone.ink, interval: spec.horizontal ? 0 : "auto", hideOverlap: true }, axisLine: { lineStyle: { color: tone.line } }, axisTick: { show: false }, inverse: Boolean(spec.horizontal) };
  const values = { type: "value", axisLabel: { color: tone.ink, formatter: axis(spec.unit) }, splitLine: { lineStyle: { color: tone.line } }, splitNumber: 4, minInterval: ["days", "count"].includes(spec.unit) ? 1 : undefined };
  return spec.horizontal ? { xAxis: values, yAxis: names } : { xAxis: names, yAxis: values };
}

export function bars(spec, dark) {
  const { tone, option } = base(spec, dark);
  const series = spec.series.map(({ name, data }) => ({ name, type: "bar", data, barMaxWidth: 36, stack: spec.kind === "stack" ? "all" : undefined }));
  return { ...option, ...axes(spec, tone), series, tooltip: { ...option.tooltip, trigger: "axis" } };
}

export function lines(spec, dark) {
  const { tone, option } = base(spec, dark);
  const series = spec.series.map(({ name, data, dashed }) => ({ name, type: "line", data, symbolSize: 5, lineStyle: { width: 2, type: dashed ? "dashed" : "solid" }, connectNulls: true }));
  return { ...option, ...axes(spec, tone), series, tooltip: { ...option.tooltip, trigger: "axis" } };
}

export function funnel(spec, dark) {
  const { tone, option } = base(spec, dark);
  const [{ data, name }] = spec.series;
  const steps = spec.categories.map((label, index) => ({ name: label, value: data[index] }));
  const label = { position: "inside", color: dark ? "#101216" : "#fff", formatter: ({ name: step, value }) => `${step}  ${axis(spec.unit)(value)}` };
  return { ...option, tooltip: { ...option.tooltip, trigger: "item" }, series: [{ name, type: "funnel", data: steps, sort: "none", minSize: "28%", top: 8, bottom: 8, left: "6%", width: "88%", gap: 2, label, itemStyle: { borderWidth: 0, color: tone.colours[0] } }] };
}

export function waterfall(spec, dark) {
  const { tone, option } = base(spec, dark);
  const [{ data, name }] = spec.series;
  const last = data.length - 1;
  let level = 0;
  const floor = [];
  const shown = data.map((value, index) => {
    const total = index === 0 || index === last;
    const from = total ? 0 : level;
    level = total ? value : level + value;
    floor.push(total ? 0 : Math.min(from, level));
    const colour = total ? tone.colours[0] : value < 0 ? tone.down : tone.up;
    return { value: Math.abs(value), itemStyle: { color: colour }, signed: value };
  });
  const tooltip = { ...option.tooltip, trigger: "item", formatter: ({ name: step, data: point }) => `${step}  ${full(point.signed, spec.unit)}` };
  const label = { show: true, position: "top", color: tone.ink, formatter: ({ data: point }) => axis(spec.unit)(point.signed) };
  return {
    ...option,
    ...axes(spec, tone),
    tooltip,
    series: [
      { type: "bar", stack: "w", data: floor, itemStyle: { color: "transparent" }, silent: true, tooltip: { show: false } },
      { name, type: "bar", stack: "w", data: shown, barMaxWidth: 44, label },
    ],
  };
}
