// Colours of numbers: read from the style sheet, so that dark and light agree with the rest of the page.

let cached = null;

function palette() {
  if (cached) return cached;
  const style = getComputedStyle(document.documentElement);
  const names = ["paper", "ink", "muted", "line", "negative", "positive", "probability", "accent"];
  cached = Object.fromEntries(names.map((name) => [name, parsed(style.getPropertyValue(`--${name}`))]));
  return cached;
}

function parsed(hex) {
  const digits = hex.trim().slice(1);
  return [0, 2, 4].map((i) => parseInt(digits.slice(i, i + 2), 16));
}

/** Forget the palette when the system turns dark or light, and draw again. */
export function whenTurned(draw) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    cached = null;
    draw();
  });
}

export const colour = (name) => `rgb(${palette()[name].join(" ")})`;

function mixed(share, far) {
  const near = palette().paper;
  return near.map((one, i) => Math.round(one + (far[i] - one) * share));
}

/** The colour of a number: of a probability over [0, 1], of any other about zero up to `most`. */
export function shade(value, kind, most) {
  const { negative, positive, probability } = palette();
  if (kind === "probability") return mixed(Math.max(0, Math.min(1, value)), probability);
  const share = most > 0 ? Math.min(1, Math.abs(value) / most) : 0;
  return mixed(share, value < 0 ? negative : positive);
}

/** Black or white, whichever is easier to read on a colour. */
export function inkOn(rgb) {
  const [r, g, b] = rgb.map((one) => (one / 255 <= 0.04045 ? one / 255 / 12.92 : ((one / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? "#14171c" : "#ffffff";
}

export const css = (rgb) => `rgb(${rgb.join(" ")})`;
