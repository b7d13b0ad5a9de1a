/** Names for spans that the gen-ai conventions do not know, and that OpenInference leaves to the instrumentation. */
export const sessionName = 'hermes.session';
export const turnName = 'hermes.turn';
export const approvalName = 'hermes.approval';
export const subagentName = 'hermes.subagent';
export const toolPrefix = 'hermes.tool.';
/** The gen-ai conventions' own form: `{operation} {model}`. */
export const chatPrefix = 'chat ';
