// Colours of numbers, from the style sheet.

const NAMES = ["paper", "ink", "muted", "line", "negative", "positive", "probability", "accent"];
const STEPS = 255; // From nothing to the full colour; a ramp of signed numbers has as many on either side of zero.
let cached = {};

/** Forget the colours when the system turns dark or light, and draw again. */
export function whenTurned(draw) {
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
		cached = {};
		draw();
	});
}

const kept = (key, made) => (cached[key] ??= made());

function palette() {
	return kept("palette", () => {
		const style = getComputedStyle(document.documentElement);
		const parsed = (hex) => [1, 3, 5].map((i) => parseInt(hex.trim().slice(i, i + 2), 16));
		return Object.fromEntries(NAMES.map((name) => [name, parsed(style.getPropertyValue(`--${name}`))]));
	});
}

const css = (rgb) => `rgb(${rgb.join(" ")})`;
export const colour = (name) => css(palette()[name]);

/** A colour for each level, and an ink on it. */
function ramp(kind) {
	return kept(kind, () => {
		const { paper, negative, positive, probability } = palette();
		const first = kind === "probability" ? 0 : -STEPS;
		const mixed = (level) => {
			const far = kind === "probability" ? probability : level < 0 ? negative : positive;
			return paper.map((one, i) => Math.round(one + ((far[i] - one) * Math.abs(level)) / STEPS));
		};
		const colours = Array.from({ length: STEPS - first + 1 }, (_, i) => mixed(first + i));
		const pixel = ([r, g, b]) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
		return { first, css: colours.map(css), inks: colours.map(inkOn), pixels: Uint32Array.from(colours, pixel) };
	});
}

/** A function from a number to its place in the ramp. */
function leveller(kind, most) {
	const scale = STEPS / (kind === "probability" || !(most > 0) ? 1 : most);
	const { first } = ramp(kind);
	return (value) => (Math.max(first, Math.min(STEPS, Math.round(value * scale))) || 0) - first;
}

/** The colour of one number, and black or white, whichever is easier to read on it. */
export function shades(kind, most) {
	const [{ css: colours, inks, pixels }, level] = [ramp(kind), leveller(kind, most)];
	return { fill: (value) => colours[level(value)], ink: (value) => inks[level(value)], pixel: (value) => pixels[level(value)] };
}

function inkOn(rgb) {
	const [r, g, b] = rgb.map((one) => (one / 255 <= 0.04045 ? one / 255 / 12.92 : ((one / 255 + 0.055) / 1.055) ** 2.4));
	return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? "#14171c" : "#ffffff";
}

/** Numbers as a small picture, a pixel each: of a whole matrix, or of a vector. */
export function picture(flat, kind, most) {
	const { rows, columns } = flat;
	const canvas = document.createElement("canvas");
	Object.assign(canvas, { width: columns, height: rows });
	paint(canvas.getContext("2d"), flat, kind, most, { firstRow: 0, lastRow: rows, firstColumn: 0, lastColumn: columns });
	return canvas;
}

/** Some numbers, a pixel each; what is masked stays clear. */
export function paint(context, { at }, kind, most, { firstRow, lastRow, firstColumn, lastColumn }) {
	const [width, height] = [lastColumn - firstColumn, lastRow - firstRow];
	const image = context.createImageData(width, height);
	const pixels = new Uint32Array(image.data.buffer);
	const { pixel } = shades(kind, most);
	for (let row = 0, i = 0; row < height; row += 1) {
		for (let column = 0; column < width; column += 1, i += 1) {
			const value = at(firstRow + row, firstColumn + column);
			if (value !== -Infinity) pixels[i] = pixel(value);
		}
	}
	context.putImageData(image, 0, 0);
}
