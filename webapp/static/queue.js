// Works through items a few at a time, in order.

export class Queue {
  #atOnce;
  #work;
  #waiting = [];
  #running = 0;
  #abort = new AbortController();

  /**
   * @param {number} atOnce how many items are worked on at once
   * @param {(item: object, signal: AbortSignal) => Promise<void>} work
   */
  constructor(atOnce, work) {
    this.#atOnce = atOnce;
    this.#work = work;
  }

  add(items) {
    this.#waiting.push(...items);
    this.#next();
  }

  /** Forget what waits and give up what runs. */
  clear() {
    this.#waiting = [];
    this.#abort.abort();
    this.#abort = new AbortController();
  }

  #next() {
    while (this.#running < this.#atOnce && this.#waiting.length) this.#run(this.#waiting.shift());
    // A small computer has better things to do now than to move the background.
    document.documentElement.classList.toggle("working", this.#running > 0);
  }

  async #run(item) {
    this.#running += 1;
    try {
      await this.#work(item, this.#abort.signal);
    } finally {
      this.#running -= 1;
      this.#next();
    }
  }
}
