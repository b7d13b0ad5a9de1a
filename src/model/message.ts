import type { JsonValue } from './json.ts';
import { cut } from './safe-text.ts';

/** One message to or from a model, independent of the provider's form. Content. */
export interface Message {
  /** `system`, `user`, `assistant`, `tool`, or a provider's own role. */
  readonly role: string;
  readonly parts: readonly MessagePart[];
}

export type MessagePart =
  | { readonly kind: 'text'; readonly text: string }
  /** The model's reasoning, where the provider shows it. */
  | { readonly kind: 'reasoning'; readonly text: string }
  | {
      readonly kind: 'tool_call';
      readonly id: string | undefined;
      readonly name: string;
      /** The arguments as a value; a string that is not JSON stays a string. */
      readonly args: JsonValue | undefined;
    }
  | { readonly kind: 'tool_result'; readonly id: string | undefined; readonly text: string }
  /** An image, a file or anything else that is left out. `type` is the provider's word. */
  | { readonly kind: 'other'; readonly type: string };

/** The part with at most `limit` UTF-16 units of text. `shorten` makes the arguments of a tool call shorter. */
export function cutPart(
  part: MessagePart,
  limit: number,
  shorten: (args: JsonValue) => JsonValue,
): MessagePart {
  if ('text' in part) return { ...part, text: cut(part.text, limit) };
  return part.kind === 'tool_call' && part.args !== undefined ? { ...part, args: shorten(part.args) } : part;
}

/** A tool that the model could call. Content. */
export interface ToolDefinition {
  readonly name: string;
  readonly description: string | undefined;
  /** A JSON schema. */
  readonly parameters: JsonValue | undefined;
}

/** Facts from the body of a request to a model. Present only when the log has at least one of them. */
export interface RequestFacts {
  readonly streaming: boolean | undefined;
  /** `low`, `medium`, `high` and the like. */
  readonly reasoningLevel: string | undefined;
  /** Content, without the system messages. */
  readonly messages: readonly Message[] | undefined;
  /** Content: the system prompt. */
  readonly systemInstructions: string | undefined;
  /** Content. */
  readonly tools: readonly ToolDefinition[] | undefined;
}

/** Facts from the body of a model's response. Present only when the log has at least one of them. */
export interface ResponseFacts {
  readonly id: string | undefined;
  /** The provider behind a router, such as OpenRouter's choice. */
  readonly upstreamProvider: string | undefined;
  /** Content. */
  readonly messages: readonly Message[] | undefined;
}
