// A matrix on a canvas: only what is in view is drawn; a grid for the keyboard, a table for readers of tables.

import { exact, h, short, visible } from "./dom.js";
import { colour, css, inkOn, shade, whenTurned } from "./colours.js";

const NUMBERS = { width: 46, height: 22 }; // A cell with its number in it.
const SMALLEST = 4;
const TABLE = 24; // Rows and columns of the table at a time.
let count = 0;

const drawn = new Set();
whenTurned(() => drawn.forEach((matrix) => (matrix.canvas.isConnected ? matrix.draw() : drawn.delete(matrix))));

/**
 * flat: { rows, columns, at }. labels: { rows, columns }, lists or functions or null for numbers. kind: "signed" or
 * "probability". onhover(row, column) and onpick(row, column) tell of the cell under the mouse and of the chosen one.
 */
export class Matrix {
  constructor({ title, flat, labels = {}, kind = "signed", words, onpick, onhover, least = null, tall = 400, note = null }) {
    Object.assign(this, { title, flat, labels, kind, words, onpick, onhover, tall });
    this.most = greatest(flat);
    this.lit = [];
    this.cursor = null;
    this.scale = least;
    this.id = `matrix-${(count += 1)}`;
    this.build(note);
    drawn.add(this);
    new ResizeObserver(() => this.resize()).observe(this.grid);
  }

  build(note) {
    const { rows, columns } = this.flat;
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.spacer = h("div", { class: "spacer" });
    this.active = h("div", { role: "gridcell", id: `${this.id}-cell` });
    const described = `${this.title}, ${rows} × ${columns}`;
    this.grid = h(
      "div",
      {
        class: "grid", role: "grid", tabindex: 0, "aria-label": described, "aria-rowcount": rows, "aria-colcount": columns,
        "aria-readonly": "true",
        onkeydown: (event) => this.key(event),
        onscroll: () => this.draw(),
        onpointermove: (event) => this.point(event),
        onpointerleave: () => this.onhover?.(null, null),
        onclick: (event) => this.click(event),
        onfocus: () => this.focus(),
      },
      this.canvas,
      this.spacer,
      h("div", { class: "hidden", role: "row" }, this.active),
    );
    const zoom = h("button", { type: "button", class: "quiet", onclick: () => this.zoom(zoom) }, this.words("matrix.numbers"));
    this.zoomButton = zoom;
    const size = h("span", { class: "size" }, `${rows} × ${columns}`);
    const caption = h("figcaption", {}, h("span", { class: "title" }, this.title), size, zoom);
    this.element = h("figure", { class: "matrix" }, caption, note && h("p", { class: "note" }, note), this.grid, this.legend(), this.table());
  }

  legend() {
    const most = exact(Number(this.most.toPrecision(3)));
    const ends = this.kind === "probability" ? ["0", "1"] : [`−${most}`, "0", `+${most}`];
    const bar = h("span", { class: `bar ${this.kind}`, "aria-hidden": "true" });
    const masked = this.hasMasked && h("span", { class: "masked-key" }, h("span", { class: "hatch", "aria-hidden": "true" }), this.words("matrix.masked"));
    return h("div", { class: "legend" }, h("span", { class: "scale" }, bar, h("span", { class: "ends" }, ends.map((one) => h("span", {}, one)))), masked);
  }

  get hasMasked() {
    const { rows, columns, at } = this.flat;
    return rows * columns > 0 && at(0, columns - 1) === -Infinity;
  }

  table() {
    const body = h("div", { class: "scroll", tabindex: 0 });
    const opened = (event) => event.target.open && body.replaceChildren(this.rowsAround());
    this.details = h("details", { class: "as-table", ontoggle: opened }, h("summary", {}, this.words("matrix.table")), body);
    return this.details;
  }

  rowsAround() {
    const { rows, columns } = this.flat;
    const from = (at, all) => Math.max(0, Math.min(at - TABLE / 2, all - TABLE));
    const [top, left] = [from(this.cursor?.row ?? 0, rows), from(this.cursor?.column ?? 0, columns)];
    const range = (start, all) => [...Array(Math.min(TABLE, all)).keys()].map((i) => start + i);
    const across = range(left, columns);
    const head = h("tr", {}, h("td", {}), across.map((column) => h("th", { scope: "col" }, this.label("columns", column))));
    const line = (row) =>
      h("tr", {}, h("th", { scope: "row" }, this.label("rows", row)), across.map((column) => h("td", {}, exact(this.flat.at(row, column)))));
    return h("table", {}, h("caption", {}, this.title), h("thead", {}, head), h("tbody", {}, range(top, rows).map(line)));
  }

  label(side, index) {
    const labels = this.labels[side];
    const text = !labels ? String(index) : typeof labels === "function" ? labels(index) : (labels[index] ?? String(index));
    return visible(String(text));
  }

  zoom(button) {
    this.scale = this.numbers ? SMALLEST : NUMBERS.width;
    this.resize();
    button.textContent = this.words(this.numbers ? "matrix.overview" : "matrix.numbers");
  }

  /** Sizes of cells and margins for the width at hand: numbers where they fit, colours alone where they do not. */
  resize() {
    const available = this.grid.clientWidth;
    if (!available) return;
    const { rows, columns } = this.flat;
    const context = this.canvas.getContext("2d");
    context.font = FONT;
    this.left = margin(context, rows, (i) => this.label("rows", i), available > 500 ? 110 : 76) + 10;
    const fits = Math.floor((available - this.left - 2) / columns);
    this.cell = Math.min(NUMBERS.width, Math.max(this.scale ?? SMALLEST, fits));
    this.numbers = this.cell >= 40;
    this.height = this.numbers ? NUMBERS.height : rows > 60 ? Math.max(SMALLEST, Math.min(this.cell, 12)) : Math.max(15, Math.min(20, this.cell));
    this.slanted = Boolean(this.labels.columns) && columns > 1;
    this.top = columns === 1 ? 6 : this.slanted ? margin(context, Math.min(columns, 200), (i) => this.label("columns", i), 78) + 10 : 20;
    this.spacer.style.width = `${this.left + columns * this.cell + 2}px`;
    this.spacer.style.height = `${this.top + rows * this.height + 2}px`;
    const bar = this.left + columns * this.cell + 2 > available ? 16 : 0;
    this.grid.style.height = `${Math.min(this.tall, this.top + rows * this.height + 4 + bar)}px`;
    const fixed = fits >= 40;
    this.zoomButton.hidden = fixed;
    this.zoomButton.textContent = this.words(this.numbers ? "matrix.overview" : "matrix.numbers");
    const ratio = devicePixelRatio || 1;
    const [width, height] = [this.grid.clientWidth, this.grid.clientHeight];
    this.canvas.width = width * ratio;
    this.canvas.height = height * ratio;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.draw();
  }

  /** The rows and columns in view. */
  get view() {
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = this.grid;
    const until = (end, all) => Math.min(all, Math.ceil(end));
    return {
      firstRow: Math.floor(scrollTop / this.height),
      lastRow: until((scrollTop + clientHeight - this.top) / this.height, this.flat.rows),
      firstColumn: Math.floor(scrollLeft / this.cell),
      lastColumn: until((scrollLeft + clientWidth - this.left) / this.cell, this.flat.columns),
    };
  }

  place(row, column) {
    return [this.left + column * this.cell - this.grid.scrollLeft, this.top + row * this.height - this.grid.scrollTop];
  }

  draw() {
    if (!this.cell) return;
    const context = this.canvas.getContext("2d");
    const ratio = devicePixelRatio || 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.font = FONT;
    context.textBaseline = "middle";
    const view = this.view;
    context.save();
    context.beginPath();
    context.rect(this.left, this.top, this.grid.clientWidth, this.grid.clientHeight);
    context.clip();
    for (let row = view.firstRow; row < view.lastRow; row += 1) {
      for (let column = view.firstColumn; column < view.lastColumn; column += 1) this.drawCell(context, row, column);
    }
    this.drawLit(context);
    context.restore();
    this.drawLabels(context, view);
  }

  drawCell(context, row, column) {
    const value = this.flat.at(row, column);
    const [x, y] = this.place(row, column);
    const gap = this.cell > 8 ? 1 : 0;
    const [width, height] = [this.cell - gap, this.height - gap];
    if (value === -Infinity) return hatched(context, x, y, width, height, this.numbers);
    const rgb = shade(value, this.kind, this.most);
    context.fillStyle = css(rgb);
    context.fillRect(x, y, width, height);
    if (!this.numbers) return undefined;
    context.fillStyle = inkOn(rgb);
    context.textAlign = "center";
    context.fillText(short(value), x + width / 2, y + height / 2 + 0.5);
    return undefined;
  }

  /** Frames around what a cell elsewhere is made of, and around the cell chosen here. */
  drawLit(context) {
    context.lineWidth = 2;
    context.strokeStyle = colour("accent");
    const { rows, columns } = this.flat;
    for (const { row, column } of this.lit) {
      const [x, y] = this.place(row ?? 0, column ?? 0);
      const width = column === null ? columns * this.cell : this.cell;
      const height = row === null ? rows * this.height : this.height;
      context.strokeRect(x, y, width - 1, height - 1);
    }
    if (!this.cursor) return;
    const [x, y] = this.place(this.cursor.row, this.cursor.column);
    context.strokeStyle = colour("ink");
    context.strokeRect(x, y, this.cell - 1, this.height - 1);
  }

  drawLabels(context, view) {
    context.fillStyle = colour("muted");
    const every = Math.max(1, Math.ceil(14 / this.height));
    context.textAlign = "right";
    for (let row = view.firstRow; row < view.lastRow; row += 1) {
      if (row % every) continue;
      const y = this.place(row, 0)[1] + this.height / 2;
      if (y > this.top) context.fillText(cut(context, this.label("rows", row), this.left - 10), this.left - 6, y);
    }
    if (this.flat.columns === 1) return;
    const apart = this.slanted ? 13 : 28;
    const step = Math.max(1, Math.ceil(apart / this.cell));
    for (let column = view.firstColumn; column < view.lastColumn; column += 1) {
      if (column % step) continue;
      const x = this.place(0, column)[0] + this.cell / 2;
      if (x > this.left) this.drawColumnLabel(context, this.label("columns", column), x);
    }
  }

  drawColumnLabel(context, text, x) {
    if (!this.slanted) {
      context.textAlign = "center";
      context.fillText(text, x, this.top - 9);
      return;
    }
    context.save();
    context.translate(x, this.top - 6);
    context.rotate(-Math.PI / 2);
    context.textAlign = "left";
    context.fillText(cut(context, text, this.top - 10), 0, 0);
    context.restore();
  }

  /** Light up cells: [{ row, column }], null for all. */
  light(lit) {
    if (!lit.length && !this.lit.length) return;
    this.lit = lit;
    this.draw();
  }

  cellAt(event) {
    const box = this.grid.getBoundingClientRect();
    const x = event.clientX - box.left - this.left + this.grid.scrollLeft;
    const y = event.clientY - box.top - this.top + this.grid.scrollTop;
    if (event.clientX - box.left < this.left || event.clientY - box.top < this.top) return null;
    const [row, column] = [Math.floor(y / this.height), Math.floor(x / this.cell)];
    return row >= 0 && column >= 0 && row < this.flat.rows && column < this.flat.columns ? { row, column } : null;
  }

  point(event) {
    const cell = this.cellAt(event);
    this.onhover?.(cell?.row ?? null, cell?.column ?? null);
  }

  click(event) {
    const cell = this.cellAt(event);
    if (cell) this.move(cell.row, cell.column);
  }

  focus() {
    if (!this.cursor && this.grid.matches(":focus-visible")) this.move(0, 0);
  }

  key(event) {
    const { rows, columns } = this.flat;
    const { row, column } = this.cursor ?? { row: 0, column: 0 };
    const page = Math.max(1, Math.floor(this.grid.clientHeight / this.height) - 2);
    const all = event.ctrlKey || event.metaKey;
    const moves = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      Home: [all ? 0 : row, 0], End: [all ? rows - 1 : row, columns - 1], PageUp: [row - page, column], PageDown: [row + page, column],
    };
    const target = moves[event.key];
    if (!target) return;
    event.preventDefault();
    this.move(Math.max(0, Math.min(rows - 1, target[0])), Math.max(0, Math.min(columns - 1, target[1])));
  }

  /** Choose a cell, bring it into view and say so. */
  move(row, column, silent = false) {
    this.cursor = { row, column };
    this.reveal(row, column);
    const value = exact(this.flat.at(row, column));
    this.active.textContent = `${this.label("rows", row)}, ${this.label("columns", column)}: ${value}`;
    this.active.setAttribute("aria-rowindex", row + 1);
    this.active.setAttribute("aria-colindex", column + 1);
    this.grid.setAttribute("aria-activedescendant", this.active.id);
    this.grid.dataset.value = value;
    this.draw();
    if (this.details.open) this.details.dispatchEvent(new Event("toggle"));
    if (!silent) this.onpick?.(row, column);
  }

  reveal(row, column) {
    if (!this.cell) return;
    const [x, y] = this.place(row, column);
    const { clientWidth, clientHeight } = this.grid;
    if (x < this.left) this.grid.scrollLeft -= this.left - x;
    else if (x + this.cell > clientWidth) this.grid.scrollLeft += x + this.cell - clientWidth;
    if (y < this.top) this.grid.scrollTop -= this.top - y;
    else if (y + this.height > clientHeight) this.grid.scrollTop += y + this.height - clientHeight;
  }
}

const FONT = '12px ui-sans-serif, system-ui, "Noto Sans KR", "Apple SD Gothic Neo", "NanumGothic", sans-serif';

function greatest({ rows, columns, at }) {
  let most = 0;
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const size = Math.abs(at(row, column));
      if (size > most && size !== Infinity) most = size;
    }
  }
  return most;
}

function margin(context, all, label, most) {
  // Of many labels some are measured: those of numbers grow toward the end.
  let widest = Math.max(12, context.measureText(label(all - 1)).width);
  for (let i = 0; i < Math.min(all, 120); i += 1) widest = Math.max(widest, context.measureText(label(i)).width);
  return Math.min(most, Math.ceil(widest));
}

function cut(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  const letters = [...text];
  while (letters.length > 1 && context.measureText(`${letters.join("")}…`).width > room) letters.pop();
  return `${letters.join("")}…`;
}

function hatched(context, x, y, width, height, labelled) {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.strokeStyle = colour("line");
  context.lineWidth = 1;
  context.beginPath();
  for (let d = -height; d < width; d += 5) {
    context.moveTo(x + d, y + height);
    context.lineTo(x + d + height, y);
  }
  context.stroke();
  if (labelled) {
    context.fillStyle = colour("muted");
    context.textAlign = "center";
    context.fillText("−∞", x + width / 2, y + height / 2 + 0.5);
  }
  context.restore();
}
