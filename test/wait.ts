/** Waiting in tests: until it is so, with an end that says what was there instead. */

/** Well beyond what anything here takes on a busy machine, and before the runner ends the file without a word. */
const PATIENCE_MS = 100_000;
const LOOK_MS = 5;

/** Looks until it is so. `during` runs between two looks; `seen` is for the error. */
export const until = async (
  holds: () => boolean | Promise<boolean>,
  during: () => void = () => {},
  seen: () => string = () => String(holds),
): Promise<void> => {
  const beganMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - beganMs > PATIENCE_MS)
      throw new Error(`after ${PATIENCE_MS / 1000} s still not: ${seen()}`);
    during();
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
};
