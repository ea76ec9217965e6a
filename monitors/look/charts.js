// Charts are updated in place (Plotly.react): zoom, hidden lines and scroll position outlive new data.
const root = document.querySelector(".gradio-container");
const coarse = matchMedia("(pointer: coarse)").matches;
const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();
const dress = (layout) => {
  const font = { family: colour("--font"), color: colour("--body-text-color"), size: 12 };
  const line = colour("--border-color-primary");
  const out = { ...layout, font, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)" };
  if (coarse) out.dragmode = false;
  out.hoverlabel = { bgcolor: colour("--block-background-fill"), bordercolor: line, font };
  for (const axis of Object.keys(out).filter((key) => /^[xy]axis\d*$/.test(key)))
    out[axis] = { gridcolor: line, zerolinecolor: line, linecolor: line, automargin: true, ...out[axis] };
  return out;
};
const SETTINGS = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["lasso2d", "select2d", "toImage", "sendChartToCloud"] };
const drawn = {};
let queue = [];
// One chart after the other, with room for the page between them; what is newest counts.
const next = () => {
  const name = queue.shift();
  const chart = props.value?.charts?.[name];
  const place = element.querySelector(`[data-chart="${name}"]`);
  if (chart && place) {
    const copy = JSON.parse(JSON.stringify(chart)); // Plotly writes into what it is given
    Plotly.react(place, copy.data, dress(copy.layout), SETTINGS);
  }
  if (queue.length) setTimeout(next, 0);
};
const draw = (again) => {
  const value = props.value;
  if (!value || !value.charts) return;
  for (const [name, words] of Object.entries(value.notes ?? {})) {
    const place = element.querySelector(`[data-note="${name}"]`);
    if (place && place.textContent !== words) place.textContent = words;
  }
  if (!window.Plotly) return;
  const idle = !queue.length;
  for (const [name, chart] of Object.entries(value.charts)) {
    const told = JSON.stringify(chart);
    if (!again && drawn[name] === told) continue;
    drawn[name] = told;
    if (!queue.includes(name)) queue.push(name);
  }
  if (idle && queue.length) next();
};
const begin = () => {
  draw(false);
  if (!window.Plotly) setTimeout(begin, 60);
};
begin();
watch("value", () => draw(false));
let scheme = document.body.className;
new MutationObserver(() => {
  if (document.body.className !== scheme) {
    scheme = document.body.className;
    draw(true);
  }
}).observe(document.body, { attributes: true, attributeFilter: ["class"] });
// A chart that was drawn while its tab was hidden takes its size when the tab is shown.
const sizes = new ResizeObserver((all) => {
  for (const { target, contentRect } of all)
    if (window.Plotly && contentRect.width && target.classList.contains("js-plotly-plot")) Plotly.Plots.resize(target);
});
for (const place of element.querySelectorAll("[data-chart]")) sizes.observe(place);
