// How a matrix is drawn: only what is in view, as one picture rather than cell by cell.

import { colour, paint } from "./colours.js";
import { short } from "./dom.js";

export const FONT = '12px ui-sans-serif, system-ui, "Noto Sans KR", "Apple SD Gothic Neo", "NanumGothic", sans-serif';
const small = document.createElement("canvas").getContext("2d");

export function drawMatrix(matrix, shades) {
	const { canvas, box, left, top } = matrix;
	const context = canvas.getContext("2d");
	const ratio = devicePixelRatio || 1;
	const view = matrix.view;
	context.setTransform(ratio, 0, 0, ratio, 0, 0);
	context.clearRect(0, 0, canvas.width, canvas.height);
	if (view.lastRow <= view.firstRow || view.lastColumn <= view.firstColumn) return;
	context.font = FONT;
	context.textBaseline = "middle";
	inside(context, left, top, box.width, box.height);
	drawCells(context, matrix, view);
	if (matrix.numbers) drawNumbers(context, matrix, view, shades);
	drawLit(context, matrix);
	drawMore(context, matrix);
	context.restore();
	drawLabels(context, matrix, view);
}

/** One pixel a cell, enlarged; lines between the cells where they are large enough. */
function drawCells(context, matrix, view) {
	const { flat, kind, most, cell, height } = matrix;
	const [columns, rows] = [view.lastColumn - view.firstColumn, view.lastRow - view.firstRow];
	Object.assign(small.canvas, { width: columns, height: rows });
	paint(small, flat, kind, most, view);
	const [x, y] = matrix.place(view.firstRow, view.firstColumn);
	context.imageSmoothingEnabled = false;
	hatch(context, x, y, columns * cell, rows * height, flat, view);
	context.drawImage(small.canvas, x, y, columns * cell, rows * height);
	if (cell <= 8) return;
	context.strokeStyle = colour("paper");
	context.lineWidth = 1;
	context.beginPath();
	for (let i = 0; i <= columns; i += 1) line(context, x + i * cell - 0.5, y, 0, rows * height);
	for (let i = 0; i <= rows; i += 1) line(context, x, y + i * height - 0.5, columns * cell, 0);
	context.stroke();
}

function line(context, x, y, right, down) {
	context.moveTo(x, y);
	context.lineTo(x + right, y + down);
}

function inside(context, ...box) {
	context.save();
	context.beginPath();
	context.rect(...box);
	context.clip();
}

/** Behind what is masked, which the picture leaves clear. */
function hatch(context, x, y, width, height, { at }, view) {
	if (at(view.firstRow, view.lastColumn - 1) !== -Infinity) return;
	inside(context, x, y, width, height);
	context.strokeStyle = colour("line");
	context.lineWidth = 1;
	context.beginPath();
	for (let d = -height; d < width; d += 5) line(context, x + d, y + height, height, -height);
	context.stroke();
	context.restore();
}

function drawNumbers(context, matrix, { firstRow, lastRow, firstColumn, lastColumn }, { ink }) {
	context.textAlign = "center";
	for (let row = firstRow; row < lastRow; row += 1) {
		for (let column = firstColumn; column < lastColumn; column += 1) {
			const value = matrix.flat.at(row, column);
			const [x, y] = matrix.place(row, column);
			context.fillStyle = value === -Infinity ? colour("muted") : ink(value);
			context.fillText(matrix.counts ? value : short(value), x + matrix.cell / 2, y + matrix.height / 2 + 0.5);
		}
	}
}

/** Frames around what a cell is made of, and the chosen one. */
function drawLit(context, matrix) {
	const { flat, cell, height, cursor } = matrix;
	const frame = ({ row, column }, of) => {
		const [x, y] = matrix.place(row ?? 0, column ?? 0);
		context.strokeStyle = colour(of);
		context.strokeRect(x, y, (column === null ? flat.columns * cell : cell) - 1, (row === null ? flat.rows * height : height) - 1);
	};
	context.lineWidth = 2;
	matrix.lit.forEach((one) => frame(one, "accent"));
	if (cursor) frame(cursor, "ink");
}

/** A shadow at each end beyond which more of it lies. */
function drawMore(context, { box: { width, height, across, down }, whole, left, top }) {
	const shadow = (more, x, y, right, below) => {
		if (more < 1) return;
		const fill = (context.fillStyle = context.createLinearGradient(x, y, x + right, y + below));
		fill.addColorStop(0, colour("muted"));
		fill.addColorStop(1, "transparent");
		context.fillRect(left, top, width, height);
	};
	shadow(across, left, top, 10, 0);
	shadow(down, left, top, 0, 10);
	shadow(whole[0] - across - width, width, 0, -10, 0);
	shadow(whole[1] - down - height, 0, height, 0, -10);
}

function drawLabels(context, matrix, view) {
	const { left, top, cell, height, slanted } = matrix;
	context.fillStyle = colour("muted");
	context.textAlign = "right";
	const every = Math.ceil(14 / height);
	for (let row = view.firstRow; row < view.lastRow; row += 1) {
		const y = matrix.place(row, 0)[1] + height / 2;
		if (row % every === 0 && y > top) context.fillText(cut(context, matrix.label("rows", row), left - 10), left - 6, y);
	}
	if (matrix.flat.columns === 1) return;
	context.textAlign = slanted ? "left" : "center";
	const step = Math.ceil((slanted ? 13 : 28) / cell);
	for (let column = view.firstColumn; column < view.lastColumn; column += 1) {
		const x = matrix.place(0, column)[0] + cell / 2;
		if (column % step || x <= left) continue;
		context.save();
		context.translate(x, slanted ? top - 6 : top - 9);
		if (slanted) context.rotate(-Math.PI / 2);
		context.fillText(slanted ? cut(context, matrix.label("columns", column), top - 10) : matrix.label("columns", column), 0, 0);
		context.restore();
	}
}

function cut(context, text, room) {
	if (context.measureText(text).width <= room) return text;
	const letters = [...text];
	while (letters.length > 1 && context.measureText(`${letters.join("")}…`).width > room) letters.pop();
	return `${letters.join("")}…`;
}
