/** A bounded number of requests under way. */
export interface Window {
  hasRoom(): boolean;
  /** Waits for room and takes it; in the order of asking. */
  enter(): Promise<void>;
  leave(): void;
  /** Resolves when nothing is under way. */
  empty(): Promise<void>;
}

export function createWindow(size: number): Window {
  let inside = 0;
  const entering: (() => void)[] = [];
  const emptying: (() => void)[] = [];
  return {
    hasRoom: () => inside < size && entering.length === 0,
    enter() {
      if (inside < size) {
        inside += 1;
        return Promise.resolve();
      }
      return new Promise((resolve) => entering.push(resolve));
    },
    leave() {
      const next = entering.shift();
      if (next !== undefined) return next();
      inside -= 1;
      if (inside === 0) for (const resolve of emptying.splice(0)) resolve();
    },
    empty: () => (inside === 0 ? Promise.resolve() : new Promise((resolve) => emptying.push(resolve))),
  };
}
