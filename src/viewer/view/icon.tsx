import {
  Bot,
  Check,
  ChevronRight,
  ChevronsDownUp,
  ChevronsUpDown,
  CircleAlert,
  CircleDashed,
  CircleQuestionMark,
  Copy,
  Download,
  FoldHorizontal,
  Hand,
  Layers,
  Link,
  Maximize2,
  MessageSquare,
  Minus,
  Moon,
  Plus,
  Rows3,
  Search,
  Sparkle,
  Sun,
  Workflow,
  Wrench,
  X,
} from 'lucide';
import { h } from 'preact';
import type { AgentSpanKind } from '../../model/span.ts';

const ICONS = {
  alert: CircleAlert,
  check: Check,
  chevron: ChevronRight,
  close: X,
  closeAll: ChevronsDownUp,
  copy: Copy,
  download: Download,
  fit: Maximize2,
  fold: FoldHorizontal,
  help: CircleQuestionMark,
  incomplete: CircleDashed,
  link: Link,
  minus: Minus,
  moon: Moon,
  openAll: ChevronsUpDown,
  plus: Plus,
  rows: Rows3,
  search: Search,
  sun: Sun,
  session: Layers,
  turn: MessageSquare,
  api_call: Sparkle,
  tool_call: Wrench,
  approval: Hand,
  subagent: Bot,
  auxiliary_call: Workflow,
} as const satisfies Record<AgentSpanKind, unknown> & Record<string, unknown>;

export type IconName = keyof typeof ICONS;

/** Drawn in the colour of the text around it; what it means must stand in that text too. */
export function Icon({ name, size = 14 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {ICONS[name].map(([tag, attributes]) => h(tag, attributes))}
    </svg>
  );
}
