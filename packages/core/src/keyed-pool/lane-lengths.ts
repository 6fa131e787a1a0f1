/** How many lanes have how many items waiting, so that the longest is known without looking at all of them. */
export class LaneLengths {
  /** By length; the last one is that of the longest lane. Those without anything waiting are not counted. */
  readonly #lanes: number[] = [0];

  get longest(): number {
    return this.#lanes.length - 1;
  }

  /** A lane changes its length. Takes constant time for steps of one, amortised; else time in proportion to the step. */
  change(from: number, to: number): void {
    const lanes = this.#lanes;
    while (lanes.length <= to) lanes.push(0);
    if (to > 0) (lanes[to] as number)++;
    if (from === 0) return;
    (lanes[from] as number)--;
    while (lanes.length > 1 && lanes[lanes.length - 1] === 0) lanes.pop();
  }
}
