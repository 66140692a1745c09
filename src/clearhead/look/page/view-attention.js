// Queries, keys and values; self-attention for one word in six steps; many heads and how they are put together.

import { chapter, redrawn } from "./article.js";
import { Board } from "./board.js";
import { css, shade } from "./colours.js";
import { h, player, short, token } from "./dom.js";
import { Matrix } from "./matrix.js";
import { plane } from "./trace.js";
import { attentionChoice, headChoice } from "./view-steps.js";
import { wordChoice } from "./view-words.js";

/** Query, key and value of each word in one head, and of one word in every head. */
export async function vectors(app) {
  const { words, trace } = app;
  const body = await redrawn(async (draw) => {
    const attention = attentionChoice(app, draw);
    const board = new Board(app);
    const [every, own] = [[], []];
    const word = wordChoice(app, trace.rowSide(`${app.attention}.scores`), draw);
    for (const last of ["query", "key", "value"]) {
      const name = `${app.attention}.${last}`;
      every.push(await board.tensor(name, { head: app.head, note: words(`why.step.${last}`) }));
      own.push(await ofOneWord(app, name));
    }
    return [
      h("div", { class: "choices" }, attention, headChoice(app, draw)),
      h("div", { class: "cards" }, every.map((one) => h("section", { class: "card" }, one))),
      h("h2", {}, words("vectors.every_head")), h("div", { class: "choices" }, word), h("div", { class: "inputs" }, own),
    ];
  });
  return chapter(words, "vectors", body);
}

async function ofOneWord(app, name) {
  const { words, trace } = app;
  const tensor = await trace.tensor(name);
  const { pieces } = trace.rowSide(name);
  const row = Math.min(app.word, pieces.length - 1);
  const flat = { rows: trace.heads.length, columns: trace.headWidth, at: (head, column) => plane(tensor, head).at(row, column) };
  const labels = { rows: trace.heads.map((head) => words("head.one", { number: head + 1 })), columns: null };
  const onpick = (head, column) => app.picked(name, { head, row, column });
  return new Matrix({ title: `${words(`step.${name.split(".").at(-1)}`)} · ${pieces[row]}`, flat, labels, words, onpick }).element;
}

/** A vector as a strip of colours. */
function strip(values, most, kind = "signed") {
  return h("span", { class: "strip", "aria-hidden": "true" }, Array.from(values, (one) => h("i", { style: { "background-color": css(shade(one, kind, most)) } })));
}

/** The six steps of self-attention for one word, one after the other. */
export async function sixSteps(app) {
  const { words, trace } = app;
  const body = await redrawn(async (draw) => {
    const attention = attentionChoice(app, draw);
    const word = wordChoice(app, trace.rowSide(`${app.attention}.scores`), draw);
    const names = ["query", "key", "value", "scores", "scaled", "masked", "weights", "context"];
    const loaded = await Promise.all(names.map((last) => trace.tensor(`${app.attention}.${last}`)));
    const of = Object.fromEntries(names.map((last, i) => [last, plane(loaded[i], app.head)]));
    const table = h("div", { class: "scroll tall", tabindex: 0 });
    const told = h("p", { class: "told-step", "aria-live": "polite" });
    const show = (number) => {
      told.textContent = words(`six.${number + 1}`);
      table.replaceChildren(sixTable(app, of, number));
    };
    const controls = player(6, playerWords(words), show);
    return [h("div", { class: "choices" }, attention, headChoice(app, draw), word), controls, told, table];
  });
  return chapter(words, "six", body);
}

export const playerWords = (words) => ({ play: words("player.play"), pause: words("player.pause"), back: words("player.back"), on: words("player.on"), place: words("player.place") });

function sixTable(app, of, number) {
  const { words, trace, word } = app;
  const { pieces } = trace.columnSide(`${app.attention}.scores`);
  const vector = (flat, row) => Array.from({ length: flat.columns }, (_, column) => flat.at(row, column));
  const most = (flat) => Math.max(...Array.from({ length: flat.rows }, (_, row) => Math.max(...vector(flat, row).map(Math.abs))));
  const [mostKey, mostValue] = [most(of.key), most(of.value)];
  const number_ = (last, column) => h("button", { type: "button", class: "link", onclick: () => app.picked(`${app.attention}.${last}`, { head: app.head, row: word, column }) }, short(of[last].at(word, column)));
  const weighted = (column) => vector(of.value, column).map((one) => one * of.weights.at(word, column));
  const columns = [
    [words("six.key"), (column) => strip(vector(of.key, column), mostKey), 0],
    [words("step.scores"), (column) => number_("scores", column), 1],
    ["÷ √d_k", (column) => number_("masked", column), 2],
    [words("step.weights"), (column) => [bar(of.weights.at(word, column)), number_("weights", column)], 3],
    [words("step.value"), (column) => strip(vector(of.value, column), mostValue), 0],
    [words("six.weighted"), (column) => strip(weighted(column), mostValue), 4],
  ];
  const shown = columns.filter(([, , from]) => number >= from);
  const row = (piece, column) => h("tr", {}, h("th", { scope: "row" }, token(piece)), shown.map(([, draw]) => h("td", {}, draw(column))));
  const sum = number >= 5 && h("tr", { class: "sum" }, h("th", {}, words("six.sum")), h("td", { colspan: shown.length }, strip(vector(of.context, word), mostValue), " ", vector(of.context, word).slice(0, 4).map(short).join(", "), ", …"));
  const query = h("caption", {}, `${words("step.query")}: `, token(trace.rowSide(`${app.attention}.scores`).pieces[word]), " ", strip(vector(of.query, word), most(of.query)));
  return h("table", { class: "six" }, query, h("thead", {}, h("tr", {}, h("td", {}), shown.map(([title]) => h("th", {}, title)))), h("tbody", {}, pieces.map(row), sum));
}

/** A share of 1 as a bar of one hue. */
export function bar(value) {
  return h("span", { class: "share", "aria-hidden": "true" }, h("i", { style: { width: `${Math.max(0, Math.min(100, 100 * value))}%` } }));
}

/** A matrix of weights without numbers, as a picture. */
function thumbnail(flat, size = 88) {
  const canvas = h("canvas", { width: flat.columns, height: flat.rows, "aria-hidden": "true", class: "thumbnail" });
  const context = canvas.getContext("2d");
  for (let row = 0; row < flat.rows; row += 1) {
    for (let column = 0; column < flat.columns; column += 1) {
      context.fillStyle = css(shade(flat.at(row, column), "probability", 1));
      context.fillRect(column, row, 1, 1);
    }
  }
  canvas.style.width = canvas.style.height = `${size}px`;
  return canvas;
}

/** All heads as pictures, one enlarged; then side by side, times W_O; and a recap. */
export async function heads(app) {
  const { words, trace } = app;
  const body = await redrawn(async (draw) => {
    const attention = attentionChoice(app, draw);
    const board = new Board(app);
    const weights = await trace.tensor(`${app.attention}.weights`);
    const thumb = (head) => {
      const choose = () => {
        app.head = head;
        draw();
      };
      return h("button", { type: "button", class: "thumb", "aria-pressed": String(head === app.head), onclick: choose }, thumbnail(plane(weights, head)), h("span", {}, words("head.one", { number: head + 1 })));
    };
    const large = await board.tensor(`${app.attention}.weights`, { head: app.head });
    const concatenated = await board.tensor(`${app.attention}.concatenated`, { note: words("why.step.concatenated") });
    const output = await board.tensor(`${app.attention}.output`, { note: words("why.step.attention_output") });
    const matrix = await board.weight(`${app.attention}.output.weight`, { title: "W_O" });
    const recap = await drawRecap(app, weights);
    return [
      h("div", { class: "choices" }, attention),
      h("div", { class: "thumbs" }, trace.heads.map(thumb)), h("section", { class: "card" }, large),
      h("section", { class: "card" }, h("h2", {}, words("heads.together")), concatenated, matrix, output),
      h("section", { class: "card" }, h("h2", {}, words("heads.recap")), recap),
    ];
  });
  return chapter(words, "heads", body);
}

async function drawRecap(app, weights) {
  const { words, trace, attention } = app;
  const [concatenated, output] = await Promise.all(["concatenated", "output"].map((last) => trace.tensor(`${attention}.${last}`)));
  const first = (tensor) => strip(Array.from({ length: Math.min(32, trace.width) }, (_, i) => plane(tensor).at(0, i)), Math.max(...tensor.data.map(Math.abs)));
  const { pieces } = trace.rowSide(`${attention}.scores`);
  const stage = (title, ...inside) => h("li", {}, h("span", { class: "label" }, title), inside);
  return h("ol", { class: "recap" }, [
    stage(words("recap.words"), h("span", { class: "tokens" }, pieces.slice(0, 4).map(token), pieces.length > 4 && "…")),
    stage(words("recap.project", { heads: trace.heads.length, width: trace.headWidth }), h("span", {}, "X·W_Q, X·W_K, X·W_V")),
    stage(words("recap.attend"), h("span", { class: "row" }, trace.heads.map((head) => thumbnail(plane(weights, head), 36)))),
    stage(words("recap.concatenate", { width: trace.width }), first(concatenated)),
    stage(words("recap.output"), first(output)),
  ]);
}

