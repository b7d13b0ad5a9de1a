/** What `consume` needs of a message broker: a member of a consumer group that reads one topic. */

export interface Message {
  readonly partition: number;
  readonly offset: bigint;
  /** The source: whatever has one clock and one order, such as the log of one host. '' for a message without a key. */
  readonly source: string;
  /** One or more lines of a log. */
  readonly text: string;
  /** When it was produced, in epoch milliseconds. */
  readonly producedAt: number;
}

/** A broker or a store that cannot be reached, or refuses. Another start may succeed. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

/** Which partitions this member owns since it last joined. A new join is a new object, even with the same partitions. */
export interface Assignment {
  readonly partitions: readonly number[];
}

/** Where a partition may be read from. */
export interface PartitionOffsets {
  /** Of the group; `undefined` before the first commit. */
  readonly committed: bigint | undefined;
  /** Of the first message that the broker still has. */
  readonly earliest: bigint;
  /** Of the next message that will be produced. */
  readonly end: bigint;
}

/** Methods reject with `Unreachable`. */
export interface GroupMember {
  /** `undefined` before the first join, and while the group rebalances. */
  assignment(): Assignment | undefined;
  offsets(partitions: readonly number[]): Promise<ReadonlyMap<number, PartitionOffsets>>;
  /** Reads these partitions from these offsets. What was read before and not returned by `next` is dropped. */
  readFrom(offsets: ReadonlyMap<number, bigint>): Promise<void>;
  /** Messages, in order of offset within each partition. `[]` when none came for so long, or the assignment changed. */
  next(withinMillis: number): Promise<readonly Message[]>;
  /** Rejects when this member no longer owns the partition. Never commits for a later assignment than the present one. */
  commit(partition: number, offset: bigint): Promise<void>;
  /** Leaves the group. */
  close(): Promise<void>;
}
