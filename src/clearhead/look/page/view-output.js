// Logits to probabilities to a word, at a temperature.

import { chapter, redrawn } from "./article.js";
import { exact, h, percent, select, token } from "./dom.js";
import { plane } from "./trace.js";
import { bar } from "./view-attention.js";
import { best } from "./view-decoder.js";

const SHOWN = 10;

export async function output(app) {
  const { words, trace } = app;
  app.position = Math.min(app.position ?? 0, trace.predicted.pieces.length - 1);
  const body = await redrawn(async (draw) => {
    const options = trace.predicted.pieces.map((piece, i) => [i, `${i + 1}: ${piece}`]);
    const position = select(words("output.position"), options, app.position, (chosen) => {
      app.position = chosen;
      draw();
    });
    const logits = plane(await trace.tensor("output.logits"));
    const likely = best(logits, app.position, SHOWN);
    const table = h("div", { class: "scroll tall", tabindex: 0 });
    const told = h("output", { class: "place" });
    const slider = h("input", { type: "range", min: 0.1, max: 3, step: 0.1, value: 1, "aria-label": words("output.temperature"), oninput: () => show(Number(slider.value)) });
    const show = (temperature) => {
      told.textContent = temperature.toFixed(1);
      table.replaceChildren(candidates(app, logits, likely, temperature));
    };
    show(1);
    return [h("div", { class: "choices" }, position, h("label", { class: "field" }, h("span", { class: "label" }, words("output.temperature")), slider, told)), h("p", { class: "note" }, words("output.hint")), table];
  });
  return chapter(words, "output", body);
}

function candidates(app, logits, likely, temperature) {
  const { words, trace, position } = app;
  const most = likely[0][1] / temperature;
  let total = 0;
  for (let id = 0; id < logits.columns; id += 1) total += Math.exp(logits.at(position, id) / temperature - most);
  const row = ([id, logit], rank) => {
    const share = Math.exp(logit / temperature - most) / total;
    const open = (name) => () => app.picked(name, { head: 0, row: position, column: id });
    const chosen = id === trace.predicted.ids[position];
    return h(
      "tr",
      { class: chosen ? "chosen" : null },
      h("td", {}, rank + 1),
      h("td", { class: "left" }, token(trace.piece(id)), chosen && ` ← ${words("output.chosen")}`),
      h("td", {}, h("button", { type: "button", class: "link", onclick: open("output.logits") }, exact(logit))),
      h("td", {}, h("button", { type: "button", class: "link", onclick: open("output.probabilities"), "data-share": share }, percent(share))),
      h("td", { class: "left" }, bar(share)),
    );
  };
  const head = ["#", words("words.token"), words("step.logits"), words("step.probabilities"), ""].map((one) => h("th", {}, one));
  return h("table", { class: "six" }, h("thead", {}, h("tr", {}, head)), h("tbody", {}, likely.map(row)));
}
