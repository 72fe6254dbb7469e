// What a person does with cells. It holds at once on the page; the server has the last word.

import { UNFAMILIAR, isSame, stateOf } from "./review-cells.js";
import { pagesOf, slideOf } from "./review-load.js";
import { LOST, Outbox } from "./review-outbox.js";

export class Acts {
  #slide;
  #cells;
  #listener;
  #outbox;
  #done = []; // acts of this page that can be undone, the oldest first

  /**
   * @param {{id: number, edition: number}} slide
   * @param {import("./review-cells.js").Cells} cells
   * @param {object} listener
   * @param {(cells: object[]) => void} listener.held something else holds of cells
   * @param {(problem: object | null) => void} listener.waits why acts are not saved
   * @param {() => void} listener.saved one more act is
   * @param {(problem: object, isChoice?: boolean) => void} listener.refused its `isUndo`: an undo
   *   that can be asked for; `isChoice`: the server has refused what was chosen
   * @param {(cells: object[]) => void} listener.givenBack the server has undone what only it knew
   * @param {(slide: object, isOthers: boolean) => void} listener.loaded everything has come anew,
   *   perhaps because somebody else has written
   */
  constructor(slide, cells, listener) {
    this.#slide = slide.id;
    this.#cells = cells;
    this.#listener = listener;
    this.#outbox = new Outbox(slide.id, slide.edition, {
      saved: (act, answer) => this.#saved(act, answer),
      refused: (act, problem) => this.#refused(act, problem),
      changed: (act) => this.#changed(act),
      waits: (problem) => listener.waits(problem),
    });
  }

  /** Ids of cells of which the server does not know what holds. */
  get unsaved() {
    return new Set(this.#outbox.acts.flatMap((act) => act.cells));
  }

  get waiting() {
    return this.#outbox.acts.length;
  }

  retry() {
    this.#outbox.retry();
  }

  /** What was done so far was done by another person. */
  forget() {
    this.#done = [];
  }

  /**
   * Give cells a class; null confirms what each is called now.
   * @returns {Promise<boolean>} whether the server has kept it
   */
  review(cells, given, by) {
    const seen = { by, at: new Date().toISOString() };
    const before = new Map(cells.map((cell) => [cell.id, stateOf(cell)]));
    const after = new Map(
      cells.map(({ id, named }) => {
        const holds = given ?? named;
        return [id, { named: holds, given: holds === UNFAMILIAR ? null : holds, seen }];
      }),
    );
    const act = { kind: "review", cells: [...before.keys()], given, by, before, after };
    this.#done.push(act);
    const kept = this.#push(act); // before it holds: what holds and is not saved is marked so
    this.#hold(after);
    return kept;
  }

  /**
   * Take back what the person did last.
   * @param {string} by
   * @returns {{back: object[], kept: Promise<boolean>}} the cells that it was done with, none where
   *   only the server knows them; whether the server has undone it
   */
  undo(by) {
    const last = this.#done.pop();
    if (!last) {
      const isWaiting = this.#outbox.acts.some((act) => !act.cells.length);
      const nothing = new Map();
      if (!isWaiting) {
        const unknown = { cells: [], given: null, before: nothing, after: nothing };
        this.#push({ kind: "undo", by, ...unknown });
      }
      return { back: [] };
    }
    let kept = Promise.resolve(true);
    if (this.#outbox.cancel(last)) last.tell(false);
    else {
      const { cells, before: after, after: before } = last;
      kept = this.#push({ kind: "undo", cells, given: null, by, before, after, of: last });
    }
    this.#hold(last.before);
    return { back: last.cells.map((id) => this.#cells.get(id)).filter(Boolean), kept };
  }

  /** Load everything anew; what is not saved yet holds on top of it. */
  async load(isOthers = false) {
    const slide = await slideOf(this.#slide);
    const fresh = [];
    for await (const page of pagesOf(this.#slide)) fresh.push(...page);
    const told = new Map(fresh.map((cell) => [cell.id, stateOf(cell)]));
    this.#cells.clear();
    this.#cells.add(fresh);
    for (const act of this.#outbox.acts) this.#put(act.after);
    this.#outbox.edition = slide.edition;
    this.#listener.loaded(slide, isOthers);
    return told;
  }

  #push(act) {
    const kept = new Promise((resolve) => {
      act.tell = resolve;
    });
    this.#outbox.push(act);
    return kept;
  }

  #hold(states) {
    this.#listener.held(this.#put(states));
  }

  #put(states) {
    const held = [...states.keys()].map((id) => this.#cells.get(id)).filter(Boolean);
    for (const cell of held) this.#cells.hold(cell, states.get(cell.id));
    return held;
  }

  #saved(act, answer) {
    if (answer) this.#agree(act, answer.cells);
    this.#listener.saved();
    act.tell(true);
  }

  /** What the server says of cells holds, unless more was done with them since. */
  #agree(act, told) {
    const { unsaved } = this;
    const differs = told.filter((each) => {
      const cell = this.#cells.get(each.id);
      return cell && !unsaved.has(each.id) && !isSame(cell, each);
    });
    if (!differs.length) return;
    this.#hold(new Map(differs.map((each) => [each.id, stateOf(each)])));
    if (!act.cells.length) this.#listener.givenBack(differs.map(({ id }) => this.#cells.get(id)));
  }

  async #refused(act, problem) {
    this.#done = this.#done.filter((each) => each !== act);
    act.tell(false);
    this.#listener.refused(problem, act.kind === "review" && problem.code !== LOST);
    const isAsBefore = problem.code === LOST || problem.code === "nothing_to_undo";
    if (!isAsBefore) await this.load().catch((unreached) => this.#listener.refused(unreached));
  }

  /** What is the last is known only of acts that are still to be sent. */
  #forgetOlder() {
    const { acts } = this.#outbox;
    this.#done = this.#done.filter((each) => acts.includes(each));
    this.#outbox.drop(({ kind, of }) => kind === "undo" && !acts.includes(of));
  }

  /** Somebody else has written: is this act still to be done? */
  async #changed(act) {
    this.#forgetOlder();
    const told = await this.load(true);
    const holds = (states) =>
      [...states].every(([id, state]) => told.has(id) && isSame(told.get(id), state));
    if (act.cells.length && holds(act.after)) return "saved"; // its answer had been lost
    // An undo takes back what is the last: that may be another window's by now.
    if (act.kind === "review" && holds(act.before)) return "again";
    this.#hold(new Map(act.cells.filter((id) => told.has(id)).map((id) => [id, told.get(id)])));
    for (const later of this.#outbox.acts) if (later !== act) this.#hold(later.after);
    return LOST;
  }
}
