// The picture: which part of it is shown, and how it is moved.

const SMALLEST = 8; // pixels of a side that are still shown
const FINE = 256; // from here on pixels need not be seen one by one

export class View {
  /** `changed()` is called as another part is to be shown. */
  constructor(element, canvas, about, changed) {
    this.element = element;
    this.canvas = canvas;
    this.about = about;
    this.changed = changed;
    this.scale = 1;
    this.center = [0.5, 0.5];
    this.largest = about.any_size ? 2 ** Math.floor(Math.log2(8192 / about.resolution)) : about.resolution / SMALLEST;
    element.addEventListener("wheel", (event) => this.roll(event), { passive: false });
    element.addEventListener("pointerdown", (event) => this.grab(event));
    element.addEventListener("dblclick", (event) => this.zoom(2, this.under(event)));
    element.addEventListener("keydown", (event) => this.step(event));
  }

  /** The part that is shown as left, top, width and height in pixels of an image of `side`; null is all of it. */
  get part() {
    if (this.scale === 1) return null;
    const side = this.about.any_size ? this.about.resolution * this.scale : this.about.resolution;
    const length = Math.max(1, Math.round(side / this.scale));
    const edge = (center) => Math.min(side - length, Math.max(0, Math.round(center * side - length / 2)));
    return { side, region: [edge(this.center[0]), edge(this.center[1]), length, length] };
  }

  zoom(factor, around = this.center) {
    const scale = Math.min(Math.max(1, this.largest), Math.max(1, this.scale * factor));
    const stay = this.scale / scale;
    this.center = this.center.map((old, axis) => around[axis] + (old - around[axis]) * stay);
    this.scale = scale;
    this.settle();
  }

  all() {
    this.scale = 1;
    this.center = [0.5, 0.5];
    this.settle();
  }

  move(x, y) {
    this.center = [this.center[0] + x / this.scale, this.center[1] + y / this.scale];
    this.settle();
  }

  settle() {
    const half = 0.5 / this.scale;
    this.center = this.center.map((part) => Math.min(1 - half, Math.max(half, part)));
    this.element.classList.toggle("moving", this.scale > 1);
    this.changed();
  }

  /** The place of the image under a pointer, 0 to 1 each. */
  under(event) {
    const box = this.element.getBoundingClientRect();
    const at = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    return this.center.map((center, axis) => center + (at[axis] - 0.5) / this.scale);
  }

  roll(event) {
    event.preventDefault();
    this.zoom(event.deltaY < 0 ? 2 : 0.5, this.under(event));
  }

  grab(event) {
    if (this.scale === 1) return;
    let [x, y] = [event.clientX, event.clientY];
    const follow = (move) => {
      const box = this.element.getBoundingClientRect();
      this.move((x - move.clientX) / box.width, (y - move.clientY) / box.height);
      [x, y] = [move.clientX, move.clientY];
    };
    const letGo = () => this.element.removeEventListener("pointermove", follow);
    this.element.setPointerCapture(event.pointerId);
    this.element.addEventListener("pointermove", follow);
    this.element.addEventListener("pointerup", letGo, { once: true });
    this.element.addEventListener("pointercancel", letGo, { once: true });
  }

  step(event) {
    const steps = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] };
    if (event.key === "+" || event.key === "=") this.zoom(2);
    else if (event.key === "-") this.zoom(0.5);
    else if (event.key === "0") this.all();
    else if (steps[event.key]) this.move(...steps[event.key]);
    else return;
    event.preventDefault();
  }

  /** Show a picture, or the region of it where it is the whole one. */
  show(picture, region = null) {
    const [left, top, width, height] = region ?? [0, 0, picture.width, picture.height];
    this.canvas.width = width;
    this.canvas.height = height;
    this.canvas.classList.toggle("fine", width >= FINE);
    this.canvas.getContext("2d").drawImage(picture, left, top, width, height, 0, 0, width, height);
  }
}
