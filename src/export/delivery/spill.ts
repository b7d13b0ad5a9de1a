import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { oneByOne } from '../line-output.ts';
import { deadLetter } from './dead-letter.ts';

/**
 * A queue on disk for one receiver that is down while others go on: one OTLP/JSON request per line, as in a dead-letter
 * file. A second file has the position behind the last line with an outcome, for the next run after a kill.
 */
export type Spill = ReturnType<typeof openSpill>;

export interface SpilledLine {
  readonly text: string;
  /** False for a line that an earlier run wrote. */
  readonly isOfThisRun: boolean;
}

/** A file of this path is what an earlier run left. */
export function openSpill(path: string, maxBytes: number) {
  const positionPath = `${path}.position`;
  const file = deadLetter(path);
  let size = sizeOf(path);
  if (size === 0) rmSync(positionPath, { force: true });
  let position = Math.min(size, positionIn(positionPath));
  /** Where the lines of this run begin. */
  let ownFrom = size;
  const ownItems: number[] = [];
  let reading: FileHandle | undefined;
  let positions: number | undefined;
  let head: { readonly line: SpilledLine; readonly end: number } | undefined;
  /** A line must not be appended while the file is being removed. */
  const inTurn = oneByOne();

  async function closeAll(): Promise<void> {
    if (positions !== undefined) closeSync(positions);
    positions = undefined;
    await reading?.close();
    reading = undefined;
    await file.close();
  }

  async function appendNow(line: Uint8Array, items: number): Promise<boolean> {
    if (size - position + line.length > maxBytes) return false;
    if ((await file.append(line)) !== undefined) return false;
    // Larger by a line end where an earlier run was killed inside a line; smaller when the folder was removed.
    size = Math.max(size + line.length + 1, sizeOf(path));
    ownItems.push(items);
    return true;
  }

  async function doneNow(): Promise<void> {
    if (head === undefined) return;
    if (head.line.isOfThisRun) ownItems.shift();
    position = head.end;
    head = undefined;
    // Synchronous: a kill while the position waits to be written would send an answered request again.
    if (position >= size) {
      rmSync(path, { force: true });
      rmSync(positionPath, { force: true });
      [size, position, ownFrom] = [0, 0, 0];
      await closeAll();
    } else {
      positions ??= openSync(positionPath, 'w', 0o600);
      // One write of the same length each time: a kill leaves the old number or the new one.
      writeSync(positions, `${String(position).padStart(POSITION_DIGITS)}\n`, 0);
    }
  }

  return {
    isEmpty: () => position >= size,
    /**
     * Returns when the line is on disk.
     * @param items spans or points in it
     * @returns false when the queue has no room, or could not be written.
     */
    append: (line: Uint8Array, items: number) => inTurn(() => appendNow(line, items)),
    /** The oldest line; `undefined` when the queue is empty. The same one until `done`. */
    async next(): Promise<SpilledLine | undefined> {
      if (head === undefined && position < size) {
        reading ??= await open(path);
        const bytes = await lineAt(reading, position);
        const line = { text: bytes.toString(), isOfThisRun: position >= ownFrom };
        head = { line, end: position + bytes.length + 1 };
      }
      return head?.line;
    },
    /** The oldest line has its outcome. */
    done: () => inTurn(doneNow),
    /** Items of this run that are still in the queue. */
    itemsLeft: () => ownItems.reduce((sum, items) => sum + items, 0),
    close: () => inTurn(closeAll),
  };
}

const POSITION_DIGITS = 20;

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function positionIn(path: string): number {
  try {
    return Number(readFileSync(path, 'utf8')) || 0;
  } catch {
    return 0;
  }
}

const CHUNK_BYTES = 256 * 1024;
const LINE_END = 0x0a;

/** The line that begins at `start`, without its end. */
async function lineAt(handle: FileHandle, start: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let at = start; ; at += CHUNK_BYTES) {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, at);
    const chunk = buffer.subarray(0, bytesRead);
    const end = chunk.indexOf(LINE_END);
    chunks.push(end < 0 ? chunk : chunk.subarray(0, end));
    if (end >= 0 || bytesRead === 0) return Buffer.concat(chunks);
  }
}
