// The field between four corners: a pointer drags the handle, arrow keys move it.

const STEP = 0.02;
const STEPS = {
  ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP],
  PageUp: [0, -5 * STEP], PageDown: [0, 5 * STEP],
};

export class Pad {
  /** `moved(dragging)` is called as the handle moves, and once more, with false, where it is let go. */
  constructor(element, handle, moved) {
    this.element = element;
    this.handle = handle;
    this.moved = moved;
    this.place = [0, 0];
    element.addEventListener("pointerdown", (event) => this.grab(event));
    element.addEventListener("keydown", (event) => this.step(event));
    this.set([0, 0]);
  }

  set(place) {
    this.place = place.map((part) => Math.min(1, Math.max(0, part)));
    const [x, y] = this.place.map((part) => Math.round(100 * part));
    this.handle.style.left = `${100 * this.place[0]}%`;
    this.handle.style.top = `${100 * this.place[1]}%`;
    this.element.setAttribute("aria-valuenow", x);
    this.element.setAttribute("aria-valuetext", `${x} % to the right, ${y} % down`);
  }

  grab(event) {
    const follow = (move) => {
      const box = this.element.getBoundingClientRect();
      this.set([(move.clientX - box.left) / box.width, (move.clientY - box.top) / box.height]);
      this.moved(true);
    };
    const letGo = () => {
      this.element.removeEventListener("pointermove", follow);
      this.element.removeEventListener("pointerup", letGo);
      this.element.removeEventListener("pointercancel", letGo);
      this.moved(false);
    };
    this.element.setPointerCapture(event.pointerId);
    this.element.addEventListener("pointermove", follow);
    this.element.addEventListener("pointerup", letGo);
    this.element.addEventListener("pointercancel", letGo);
    follow(event);
  }

  step(event) {
    if (event.key === "Home") this.set([0, 0]);
    else if (event.key === "End") this.set([1, 1]);
    else if (STEPS[event.key]) this.set(this.place.map((part, axis) => round(part + STEPS[event.key][axis])));
    else return;
    event.preventDefault();
    this.moved(false);
  }
}

function round(part) {
  return Math.round(part / STEP) * STEP;
}
