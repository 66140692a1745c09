// What the page's classes are given as a whole, by `Object.assign(this, …)`, which the checker does not follow.
export {};
declare module "../../src/clearhead/look/page/board.js" {
  interface Board {
    app: any;
    trace: any;
    words: any;
  }
}
declare module "../../src/clearhead/look/page/matrix.js" {
  interface Matrix {
    flat: any;
    kind: any;
    labels: any;
    onhover: any;
    onpick: any;
    tall: any;
    title: any;
    words: any;
  }
}
declare module "../../src/clearhead/look/page/number.js" {
  interface NumberPanel {
    asked: any;
    onopen: any;
    words: any;
  }
}
declare module "../../src/clearhead/look/page/trace.js" {
  interface Trace {
    config: any;
    door: any;
    family: any;
    headWidth: any;
    operations: any;
    predicted: any;
    reading: any;
    run: any;
    settings: any;
    shapes: any;
    tree: any;
    writing: any;
  }
}
// What is found by a selector may be any element.
declare global {
  interface ParentNode {
    querySelector(selectors: string): any;
    querySelectorAll(selectors: string): NodeListOf<any>;
  }
}
