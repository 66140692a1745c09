// The page: what is asked for at the top, the rail of steps at the side, one view at a time.

import { whenTurned } from "./colours.js";
import { h, link, select, visible } from "./dom.js";
import { NumberPanel } from "./number.js";
import { open } from "./source.js";
import { Trace, blockOf, partOf, stackOf } from "./trace.js";
import { chapters, isPlace, views } from "./views.js";
import { language, languages, partName, stepKey, wordsIn } from "./words.js";

/** An address without its percent signs; one that is broken leads to the beginning. */
function written(address) {
  try {
    return decodeURIComponent(address);
  } catch {
    return "";
  }
}

/** Wide enough for the rail to stand beside the view; else it is folded away above it. */
const wide = matchMedia("(min-width: 900px)");

class App {
  constructor(told, source, chosen) {
    this.language = chosen;
    this.words = wordsIn(chosen);
    this.source = source;
    this.told = told;
    this.trace = new Trace(told, source);
    this.head = 0;
    document.documentElement.lang = chosen;
  }

  start() {
    const { words } = this;
    this.panel = new NumberPanel(words, (name, at) => this.go("step", name, at));
    this.crumbs = h("nav.crumbs", { "aria-label": words("frame.crumbs") });
    this.main = h("main", { id: "view", tabindex: -1 });
    this.rail = h("nav.rail", { "aria-label": words("frame.rail"), onkeydown: (event) => this.railKey(event) });
    this.notice = h("p.notice", { role: "alert", hidden: true });
    const aside = this.winner && h("p.notice", words("beam.aside"), " ", h("bdi", visible(this.trace.predicted.text)), " ", link(words("beam.back"), () => this.back()));
    document.getElementById("page").replaceChildren(
      h("a.skip", { href: "#view", onclick: (event) => this.skip(event) }, words("frame.skip")),
      this.header(),
      this.notice,
      aside || "",
      h("div.body", h("details.rail-box", { open: wide.matches }, h("summary", words("frame.rail")), this.rail), h("div.stage", this.crumbs, this.main, this.panel.element)),
    );
    this.railBox = document.querySelector(".rail-box");
    this.fillRail();
    this.read();
  }

  /** Once for the page's life: a new trace or another language starts anew. */
  listen() {
    addEventListener("popstate", () => this.read());
    addEventListener("keydown", (event) => this.key(event));
    wide.addEventListener("change", () => (this.railBox.open = wide.matches));
    whenTurned(() => this.read());
  }

  skip(event) {
    event.preventDefault();
    this.main.focus();
  }

  header() {
    const { words } = this;
    const others = languages.filter((one) => one !== this.language);
    const turn = others.map((one) => h("button.quiet", { lang: one, onclick: () => this.turn(one) }, wordsIn(one)("frame.language")));
    const brand = h("button.brand", { onclick: () => this.go("model") }, "clearhead");
    return h("header", brand, this.source.live ? this.form() : this.said(), h("div.tongues", turn));
  }

  said() {
    const { trace } = this;
    return h("p.said", h("bdi", visible(trace.reading.text)), " → ", h("bdi", visible(trace.predicted.text)));
  }

  form() {
    const { words, told } = this;
    const { settings } = (this.winner ?? this.told).trace;
    const text = h("input", { type: "text", name: "text", value: this.trace.reading.text, maxlength: 2000, dir: "auto", "aria-label": words("form.text"), autocomplete: "off", spellcheck: "false" });
    const wanted = { to: settings.to, beam_size: settings.beam_size ?? 1 };
    const direction = told.languages.length > 0 && select(words("form.to"), told.languages.map((one) => [one, one]), wanted.to, (one) => (wanted.to = one));
    const beam = select(words("form.beam"), [1, 2, 3, 4, 5, 8].map((one) => [one, one === 1 ? words("form.greedy") : String(one)]), wanted.beam_size, (one) => (wanted.beam_size = one));
    const button = h("button", { type: "submit", class: "primary" }, words("form.trace"));
    const submit = (event) => {
      event.preventDefault();
      this.retrace({ ...wanted, text: text.value }, button);
    };
    return h("form", { onsubmit: submit }, text, direction, beam, button);
  }

  async retrace(wanted, button) {
    this.say(null);
    button.disabled = true;
    try {
      this.told = await this.source.trace(wanted);
    } catch (error) {
      this.say(error.message);
      button.disabled = false;
      return;
    }
    this.winner = null;
    const { view, part } = this;
    this.take(view, part);
  }

  /** Go on with what was just traced. */
  take(view, part = null) {
    this.trace = new Trace(this.told, this.source);
    this.start();
    this.go(view, part, null, false);
  }

  /** Another hypothesis of the search, whole; and back to the one that won. */
  async follow(node) {
    const winner = this.told;
    try {
      this.told = await this.source.follow(node);
    } catch (error) {
      this.say(error.message);
      return;
    }
    this.winner = winner;
    this.take("decoder", String(this.told.trace.predicted.ids.length - 1));
  }

  back() {
    this.told = this.source.opened(this.winner);
    this.winner = null;
    this.take("beam");
  }

  turn(chosen) {
    this.language = chosen;
    this.words = wordsIn(chosen);
    document.documentElement.lang = chosen;
    this.start();
  }

  say(message) {
    this.notice.hidden = !message;
    this.notice.textContent = message ?? "";
  }

  // Where the reader is: "#view/part/head,row,column".

  read() {
    const [view, part, cell] = written((this.address ?? location.hash).slice(1)).split("/");
    const [head, row, column] = (cell ?? "").split(",").map(Number);
    const isCell = cell && [head, row, column].every((one) => Number.isInteger(one) && one >= 0);
    if (isPlace(this.trace, view, part)) this.show(view, part || null, isCell ? { head, row, column } : null);
    else this.show("model", null, null);
  }

  go(view, part = null, cell = null, remember = true) {
    const at = cell ? `/${cell.head},${cell.row},${cell.column}` : "";
    this.note(`#${view}${part || cell ? `/${part ?? ""}` : ""}${at}`, remember);
    this.show(view, part, cell);
  }

  /** The address, where there is one: a frame inside a notebook has none of its own. */
  note(address, remember) {
    try {
      history[remember ? "pushState" : "replaceState"](null, "", address);
    } catch {
      this.address = address;
    }
  }

  async show(view, part, cell) {
    const turn = (this.turnNumber = (this.turnNumber ?? 0) + 1);
    Object.assign(this, { view, part });
    this.panel.clear();
    this.panel.element.hidden = !views[view].numbers;
    if (cell) this.head = Math.min(cell.head, this.trace.heads.length - 1);
    let drawn;
    try {
      drawn = await views[view].draw(this, part, cell);
    } catch (error) {
      drawn = h("p.notice", { role: "alert" }, error.message);
    }
    if (turn !== this.turnNumber) return;
    this.drawCrumbs(null);
    this.main.replaceChildren(...[drawn].flat());
    this.markRail();
    this.main.dataset.view = view;
    this.main.dataset.part = part ?? "";
    this.main.dataset.ready = turn;
    if (!cell) scrollTo(0, 0);
  }

  /** A cell was chosen in a matrix. */
  picked(name, at) {
    this.panel.element.hidden = false;
    clearTimeout(this.waiting);
    this.panel.chosenCell = { name, at };
    this.panel.show(this.trace, name, at);
    this.drawCrumbs({ name, at });
    if (this.view === "step" && this.part === name) this.note(`#step/${name}/${at.head},${at.row},${at.column}`, false);
  }

  /** A cell is under the mouse (or none any more): its arithmetic, without going there. */
  hovered(cell) {
    clearTimeout(this.waiting);
    const shown = cell ?? this.panel.chosenCell;
    if (shown) this.waiting = setTimeout(() => this.panel.show(this.trace, shown.name, shown.at), 60);
  }

  drawCrumbs(cell) {
    const { words, view, part } = this;
    const crumbs = [["model", null, words("chapter.model")]];
    if (view !== "model") crumbs.push(["stacks", null, words("chapter.stacks")]);
    const own = view === "step" ? partOf(part) : part;
    if (["block", "sublayer", "step"].includes(view)) {
      const block = blockOf(own);
      if (block) crumbs.push(["block", block, partName(words, block)]);
      if (view !== "block" && this.trace.groups.some((one) => one.part === own)) {
        crumbs.push(["sublayer", own, words(block ? `part.${own.slice(block.length + 1)}` : `part.${own}`)]);
      }
      if (view === "step") crumbs.push(["step", part, words(`step.${stepKey(part)}`)]);
    } else if (!["model", "stacks"].includes(view)) crumbs.push([view, part, words(`chapter.${view}`)]);
    const items = crumbs.map(([to, of, text], i) =>
      h("li", h("button.link", { "aria-current": i === crumbs.length - 1 && !cell ? "page" : null, onclick: () => this.go(to, of) }, text)),
    );
    if (cell) items.push(h("li", h("span", { "aria-current": "page" }, `[${cell.at.row}, ${cell.at.column}]`)));
    this.crumbs.replaceChildren(h("ol", items));
  }

  fillRail() {
    const { words, trace } = this;
    this.stops = [];
    const stop = (view, part, text) => {
      const button = h("button", { "data-view": view, "data-part": part ?? "", onclick: () => this.go(view, part) }, text);
      this.stops.push(button);
      return h("li", button);
    };
    const tour = h("ol.tour", chapters(trace).map((view) => stop(view, null, words(`chapter.${view}`))));
    const groups = trace.groups.map(({ part, steps }) => {
      const inside = steps.map((step) => stop("step", step.name, words(`step.${stepKey(step.name)}`)));
      return h("details", { "data-part": part, class: stackOf(part) }, h("summary", partName(words, part)), h("ol", inside));
    });
    this.rail.replaceChildren(h("h2", words("frame.tour")), tour, h("h2", words("frame.steps")), h("div.groups", groups));
  }

  markRail() {
    for (const stop of this.stops) {
      const here = stop.dataset.view === this.view && (stop.dataset.part === (this.part ?? "") || this.view !== "step");
      if (!here) {
        stop.removeAttribute("aria-current");
        continue;
      }
      stop.setAttribute("aria-current", "page");
      const group = stop.closest("details[data-part]");
      if (group) group.open = true;
      const box = this.rail.getBoundingClientRect();
      const place = stop.getBoundingClientRect();
      if (place.top < box.top || place.bottom > box.bottom) this.rail.scrollTop += place.top - box.top - box.height / 2;
    }
  }

  /** The stop before or after the one that the reader is at. */
  beside(by) {
    const here = this.stops.findIndex((one) => one.hasAttribute("aria-current"));
    const next = this.stops[Math.max(0, Math.min(this.stops.length - 1, here + by))];
    if (next) this.go(next.dataset.view, next.dataset.part || null);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    if (event.key === "n") this.beside(1);
    if (event.key === "p") this.beside(-1);
    if (event.key === "c" && !this.panel.check.disabled) this.panel.verify();
  }

  railKey(event) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by && event.key !== "Home" && event.key !== "End") return;
    const places = [...this.rail.querySelectorAll("button, summary")].filter((one) => one.checkVisibility());
    const here = places.indexOf(document.activeElement);
    const next = event.key === "Home" ? 0 : event.key === "End" ? places.length - 1 : here + by;
    event.preventDefault();
    places[Math.max(0, Math.min(places.length - 1, next))].focus();
  }
}

async function begin() {
  try {
    const { document: told, source, language: preferred } = await open();
    const app = new App(told, source, language(preferred));
    app.start();
    app.listen();
  } catch (error) {
    document.getElementById("page").replaceChildren(h("p.notice", { role: "alert" }, error.message));
  }
}

begin();
