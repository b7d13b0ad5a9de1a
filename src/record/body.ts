import * as fs from 'node:fs';
import { isJsonObject, type JsonObject, type JsonValue } from '../model/json.ts';

/** A JSON string, or one of the number literals that Python's `json` writes although JSON has none of them. */
const STRING_OR_PYTHON_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?Infinity|NaN/gs;

/** The body that Hermes wrote on standard input; `undefined` when it is no JSON object. */
export function parseBody(text: string): JsonObject | undefined {
  const value = parsed(text) ?? parsed(withoutPythonNumbers(text));
  return isJsonObject(value) ? value : undefined;
}

function parsed(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function withoutPythonNumbers(text: string): string {
  return text.replace(STRING_OR_PYTHON_NUMBER, (found) => (found.startsWith('"') ? found : 'null'));
}

/** Hermes's largest body seen is below 1 MB; beyond this something else is talking to us. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
const RETRY_MILLIS = 5;
const MAX_RETRIES = 1000;

/**
 * Everything that can be read from the descriptor, as text. `undefined` for a terminal (nobody will end it), and for
 * more than a body can be. Read at once, without a stream: those cost several milliseconds, and the agent waits.
 */
export function readBody(fd: number): string | undefined {
  if (fs.fstatSync(fd).isCharacterDevice()) {
    return undefined;
  }
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for (let chunk = readChunk(fd); chunk.length > 0; chunk = readChunk(fd)) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_BODY_BYTES) {
      return undefined;
    }
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The next bytes; none at the end, and none after five seconds without any. */
function readChunk(fd: number): Buffer {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let retries = 0; retries < MAX_RETRIES; retries += 1) {
    try {
      return chunk.subarray(0, fs.readSync(fd, chunk));
    } catch (error) {
      if (!(error && typeof error === 'object' && 'code' in error && error.code === 'EAGAIN')) {
        throw error;
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MILLIS);
    }
  }
  return chunk.subarray(0, 0);
}
