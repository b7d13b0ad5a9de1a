import { useState } from 'preact/hooks';
import { showSpan } from '../actions.ts';
import { conversationOf, hasContent, type Step, type StepKind } from '../data/conversation.ts';
import { oneLine } from '../data/words.ts';
import type { Store } from '../state.ts';
import { ValueText } from './pairs.tsx';

/** Steps shown at first, and how many more on request. */
const STEPS = 200;

const WORDS: Readonly<Record<StepKind, string>> = {
  turn: 'Turn',
  prompt: 'Prompt',
  thought: 'Thought',
  tool: 'Tool',
  problem: 'Error',
  result: 'Result',
  approval: 'Approval',
  agent: 'Sub-agent',
  answer: 'Answer',
};

export function SessionConversation({ store }: { readonly store: Store }) {
  const session = store.current.value;
  if (session === undefined) return null;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key
    <section class="conversation-tab" aria-label="Conversation" tabIndex={0}>
      <Conversation key={session.from} store={store} from={session.from} to={session.to} hint />
    </section>
  );
}

interface ConversationProps {
  readonly store: Store;
  /** Roots of the range of spans that is shown. */
  readonly from: number;
  readonly to: number;
  /** Whether to say why there is nothing, and how to get it. */
  readonly hint: boolean;
}

/** What was said and done, in order. Long texts and results are folded. */
export function Conversation({ store, from, to, hint }: ConversationProps) {
  const [most, setMost] = useState(STEPS);
  const { table, marks } = store;
  const steps: Step[] = [];
  for (let root = from; root < to && steps.length <= most; root += table.size[root] ?? 1) {
    for (const step of conversationOf(table, marks, root)) if (steps.push(step) > most) break;
  }
  if (!hasContent(table, { from, to })) {
    if (!hint) return null;
    return (
      <p class="muted conversation-none">
        This page has no texts. <code>hermes-otel view --capture-content --html FILE</code> writes what was
        said and done, if the log was recorded with content.
      </p>
    );
  }
  return (
    <ol class="conversation">
      {steps.slice(0, most).map((step, index) => (
        <li key={index} class={`step step-${step.kind}`} style={{ '--level': step.level }}>
          <span class="unseen">{WORDS[step.kind]}: </span>
          <StepText store={store} step={step} />
        </li>
      ))}
      {steps.length > most && (
        <li>
          <button type="button" class="link-button" onClick={() => setMost(most + STEPS)}>
            Show more
          </button>
        </li>
      )}
    </ol>
  );
}

function StepText({ store, step: { kind, span, text } }: { readonly store: Store; readonly step: Step }) {
  if (kind !== 'turn' && kind !== 'tool' && kind !== 'agent')
    return <ValueText value={text} lines={kind === 'result' || kind === 'thought' ? 6 : 40} />;
  return (
    <button type="button" class="step-link" onClick={() => showSpan(store, span)}>
      {oneLine(text)}
    </button>
  );
}
