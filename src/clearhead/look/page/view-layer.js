// Residual connections, layer normalisation and the feed-forward network of one sub-layer.

import { chapter, redrawn } from "./article.js";
import { Board, formula } from "./board.js";
import { h, percent, select } from "./dom.js";
import { partName } from "./words.js";

export async function layer(app) {
  const { words, trace } = app;
  const all = trace.groups.map((one) => one.part).filter((part) => /layers\.\d+\.(\w+_attention|feed_forward)$/.test(part));
  if (!all.includes(app.sublayer)) app.sublayer = all[1] ?? all[0];
  const body = await redrawn(async (draw) => {
    const chosen = select(words("layer.choose"), all.map((part) => [part, partName(words, part)]), app.sublayer, (part) => {
      app.sublayer = part;
      draw();
    });
    return [h("div", { class: "choices" }, chosen), await residual(app), app.sublayer.endsWith("feed_forward") && (await network(app))];
  });
  return chapter(words, "layer", body);
}

async function residual(app) {
  const { words, trace } = app;
  const board = new Board(app);
  const own = `${app.sublayer}_residual`;
  const [entering, added] = trace.byName.get(`${own}.sum`).inputs;
  const measures = ["mean", "variance", "mean_square"].map((last) => `${own}.${last}`).filter((name) => trace.byName.has(name));
  const drawn = async (name) => board.tensor(name, { tall: 240 });
  const sum = [await drawn(entering), "+", await drawn(added), "=", await drawn(`${own}.sum`)];
  const inside = [await drawn(trace.byName.get(`${own}.normalized`).inputs[0])];
  for (const name of measures) inside.push(await drawn(name));
  inside.push("→", await drawn(`${own}.normalized`));
  const order = trace.config.norm_placement;
  return [
    h("section", { class: "card" }, h("h2", {}, words("step.sum")), h("p", { class: "why" }, words("why.step.sum")), formula(...sum)),
    h("section", { class: "card" }, h("h2", {}, words("step.normalized")), h("p", { class: "why" }, words("why.step.normalized"), " ", words(`layer.${order}`)), formula(...inside)),
  ];
}

async function network(app) {
  const { words, trace } = app;
  const board = new Board(app);
  const names = trace.stepsOf(app.sublayer).map((one) => one.name).filter((name) => name.startsWith(`${app.sublayer}.`));
  const cards = [];
  for (const name of names) cards.push(await board.tensor(name, { tall: 260 }));
  const { data } = await trace.tensor(`${app.sublayer}.activated`);
  const zeros = data.reduce((count, one) => count + (one === 0), 0) / data.length;
  return h("section", { class: "card" }, h("h2", {}, words("part.feed_forward")), h("p", { class: "why" }, words("layer.same")), h("p", { class: "note spaced" }, words("layer.zeros", { share: percent(zeros) })), h("div", { class: "inputs wide" }, cards));
}

