// Words to vectors, and their places.

import { chapter, redrawn } from "./article.js";
import { Board } from "./board.js";
import { choice, exact, h, select, short, token } from "./dom.js";
import { Matrix } from "./matrix.js";
import { plane, rowsOf } from "./trace.js";

/** Source or target: [side, "source_embedding"]. */
function sideChoice(app, draw) {
  const { words } = app;
  app.side ??= "source";
  const options = [["source", words("words.source")], ["target", words("words.target")]];
  return choice(words("words.sentence"), options, app.side, (side) => {
    app.side = side;
    app.word = 0;
    draw();
  });
}

const sideOf = (app) => (app.side === "source" ? app.trace.reading : app.trace.writing);

/** A <select> of a sentence's words. */
export function wordChoice(app, side, draw) {
  // "it" has most to find in others; where there is none, any word but the first, which may be a tag.
  app.word ??= Math.max(1, side.pieces.indexOf("▁it"));
  app.word = Math.min(app.word, side.pieces.length - 1);
  return select(app.words("words.word"), side.pieces.map((piece, i) => [i, `${i}: ${piece}`]), app.word, (word) => {
    app.word = word;
    draw();
  });
}

export function wordsToVectors(app) {
  const { words, trace } = app;
  return redrawn(async (draw) => {
    const side = sideChoice(app, draw);
    const { ids, pieces } = sideOf(app);
    const name = `${app.side}_embedding.tokens`;
    const board = new Board(app);
    const { data } = await trace.tensor(name);
    const first = (i) => [0, 1, 2].map((column) => short(data[i * trace.width + column])).join(", ");
    const row = (piece, i) =>
      h("tr", {}, h("td", {}, i), h("td", { class: "left" }, token(piece)), h("td", {}, ids[i]), h("td", { class: "left" }, `→ [${first(i)}, …]`));
    const head = ["#", words("words.token"), words("words.id"), words("words.vector", { width: trace.width })].map((one) => h("th", {}, one));
    const table = h("div", { class: "scroll tall", tabindex: 0 }, h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, pieces.map(row))));
    return [side, table, h("p", { class: "note spaced" }, words("words.paths")), await board.tensor(name)];
  }).then((body) => chapter(words, "words", body));
}

/** PE(pos, 2i) = sin(pos / 10000^(2i/width)), PE(pos, 2i+1) its cosine; or all sines before all cosines. */
export function sinusoid(row, column, width, interleaved) {
  const terms = width / 2;
  const pair = interleaved ? Math.floor(column / 2) : column % terms;
  const exponent = interleaved ? (2 * pair) / width : pair / Math.max(terms - 1, 1);
  const angle = row / 10000 ** exponent;
  return (interleaved ? column % 2 === 0 : column < terms) ? Math.sin(angle) : Math.cos(angle);
}

export async function positions(app) {
  const { words, trace } = app;
  const formula = (column) => `${column % 2 ? "cos" : "sin"}(pos${column < 2 ? "" : " / 100"})`;
  const toyRow = (row) => h("tr", {}, h("th", {}, `pos ${row}`), [0, 1, 2, 3].map((column) => h("td", {}, exact(Number(sinusoid(row, column, 4, true).toFixed(4))))));
  const toy = h("table", {}, h("thead", {}, h("tr", {}, h("td", {}), [0, 1, 2, 3].map((column) => h("th", {}, formula(column))))), h("tbody", {}, [0, 1, 2, 3, 4].map(toyRow)));
  const heat = (kind) => {
    const interleaved = kind === "sinusoidal";
    const flat = { rows: 20, columns: trace.width, at: (row, column) => sinusoid(row, column, trace.width, interleaved) };
    const own = trace.config.positions === kind ? ` · ${words("positions.own")}` : "";
    return new Matrix({ title: words(interleaved ? "positions.interleaved" : "positions.concatenated") + own, flat, words }).element;
  };
  const parts = [h("section", { class: "card" }, h("h2", {}, words("positions.toy")), h("div", { class: "scroll" }, toy))];
  if (trace.width % 2 === 0) parts.push(h("section", { class: "card" }, h("h2", {}, words("positions.heat", { width: trace.width })), h("div", { class: "inputs wide" }, heat("sinusoidal"), heat("sinusoidal-concatenated"))));
  return chapter(words, "positions", parts, h("section", { class: "card" }, h("h2", {}, words("positions.added")), await added(app)));
}

function added(app) {
  const { words, trace } = app;
  if (!trace.byName.has("source_embedding.positions")) return h("p", {}, words(`positions.${trace.config.positions}`));
  return redrawn(async (draw) => {
    const chosen = [sideChoice(app, draw), wordChoice(app, sideOf(app), draw)];
    const names = ["tokens", "positions", "sum"].map((last) => `${app.side}_embedding.${last}`);
    const rows = await Promise.all(names.map(async (name) => rowsOf(plane(await trace.tensor(name)), app.word, 1)));
    const flat = { rows: 3, columns: trace.width, at: (row, column) => rows[row].at(0, column) };
    const labels = { rows: [words("positions.word"), `+ ${words("positions.place")}`, "="], columns: null };
    const onpick = (row, column) => app.picked(names[row], { head: 0, row: app.word, column });
    const matrix = new Matrix({ title: words("positions.sum", { word: sideOf(app).pieces[app.word] }), flat, labels, words, onpick, least: 46 });
    return [h("div", { class: "choices" }, chosen), matrix.element];
  });
}
